// openid-client against a running provider. Talks by lines of JSON: asks for what a browser has to
// do, is answered with where the browser was sent, and ends with what it learnt.
//
//   node client.mjs ISSUER CLIENT_ID CLIENT_SECRET REDIRECT_URI oidc|oauth2

import * as readline from 'node:readline'
import * as oidc from 'openid-client'

const [issuer, clientId, secret, redirectUri, algorithm] = process.argv.slice(2)
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const say = (what) => console.log(JSON.stringify(what))

const authentication = secret ? oidc.ClientSecretBasic(secret) : oidc.None()
// The tests' gateway is plain http on loopback.
const options = { algorithm, execute: [oidc.allowInsecureRequests] }
const config = await oidc.discovery(new URL(issuer), clientId, undefined, authentication, options)

const verifier = oidc.randomPKCECodeVerifier()
const state = oidc.randomState()
const nonce = oidc.randomNonce()
say({
  open: oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  }).href,
})
const sent = new URL((await lines.next()).value)

const granted = await oidc.authorizationCodeGrant(config, sent, {
  pkceCodeVerifier: verifier,
  expectedState: state,
  expectedNonce: nonce,
  idTokenExpected: true,
})
const claims = granted.claims()
const userinfo = await oidc.fetchUserInfo(config, granted.access_token, claims.sub)
const refreshed = await oidc.refreshTokenGrant(config, granted.refresh_token)
const active = secret ? (await oidc.tokenIntrospection(config, refreshed.access_token)).active : null
await oidc.tokenRevocation(config, refreshed.refresh_token)
const refusal = await oidc.refreshTokenGrant(config, refreshed.refresh_token).then(
  () => 'none',
  (error) => error.error,
)
const afterwards = secret ? (await oidc.tokenIntrospection(config, refreshed.access_token)).active : null
say({
  claims,
  userinfo,
  access_token: granted.access_token,
  renewed: refreshed.refresh_token !== granted.refresh_token,
  active,
  afterwards,
  refusal,
})
process.exit(0)
