// An OpenID provider that knows nothing of Ramet, on loopback, for tests.
//
// node provider.mjs PORT ISSUER AUDIENCE [dialect]. Prints "ready" when it serves. Lines on its
// standard input: "rotate" takes other keys and publishes only those; "garbage" and "sense" change
// what it publishes as its key set. "dialect": ES256, and access tokens as other providers write
// them, with typ JWT, azp and scp.
import { createServer } from "node:http";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import Provider from "oidc-provider";

const [port, issuer, audience, dialect] = process.argv.slice(2);
const alg = dialect ? "ES256" : "RS256";
const resource = "urn:notes";
const scope = "notes:read notes:write";

function newKey() {
  const { privateKey } = dialect
    ? generateKeyPairSync("ec", { namedCurve: "P-256" })
    : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg };
}

function speakOtherwise(_, token, jwt) {
  if (!dialect) return;
  const { client_id, scope, ...rest } = jwt.payload;
  jwt.header = { typ: "JWT" };
  jwt.payload = { ...rest, azp: client_id, scp: scope.split(" ") };
}

function newProvider() {
  const provider = new Provider(issuer, {
    jwks: { keys: [newKey()] },
    cookies: { keys: [randomUUID()] },
    pkce: { required: () => true },
    scopes: ["openid", "offline_access"],
    clients: [
      {
        client_id: "robot",
        client_secret: "robot-secret-of-a-test",
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: alg,
      },
      {
        client_id: "web",
        token_endpoint_auth_method: "none",
        application_type: "native",
        redirect_uris: ["http://127.0.0.1/callback"],
        grant_types: ["authorization_code"],
        id_token_signed_response_alg: alg,
      },
    ],
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    formats: { customizers: { jwt: speakOtherwise } },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      // Only tokens for a resource are JWTs (RFC 8707, RFC 9068).
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope,
          audience,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg } },
        }),
      },
    },
  });
  return provider;
}

let provider = newProvider();
let garbage = false;

// Signs everybody in as one person, and grants whatever was asked for.
async function interact(request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === "login") {
    return provider.interactionFinished(request, response, { login: { accountId: "auth0|alice" } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope("openid");
  grant.addResourceScope(resource, scope);
  return provider.interactionFinished(request, response, {
    consent: { grantId: await grant.save() },
  });
}

const server = createServer((request, response) => {
  if (garbage && request.url === "/jwks") return response.end("<html>Maintenance</html>");
  if (request.url.startsWith("/interaction/")) {
    return interact(request, response).catch((error) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  }
  return provider.callback()(request, response);
});

createInterface({ input: process.stdin }).on("line", (line) => {
  if (line === "rotate") provider = newProvider();
  garbage = line === "garbage" || (garbage && line !== "sense");
  console.log(line);
});
// The test that started it is gone: so is its end of the pipe.
process.stdin.on("end", () => process.exit());
server.listen(Number(port), "127.0.0.1", () => console.log("ready"));
