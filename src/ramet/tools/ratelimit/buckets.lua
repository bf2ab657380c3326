-- Takes `hits` tokens of every bucket, or of none where one of them has not got as many.
--
-- The generic cell rate algorithm (ITU-T I.371, annex A, virtual scheduling), which is a token bucket
-- that is kept as one number: the moment at which it will be full again. Times are microseconds of
-- this server's own clock, so that the clocks of those who ask do not matter.
--
-- KEYS: the buckets. ARGV: hits, then for each bucket its requests and its period in seconds.
-- Returns 1 if the tokens were taken, else 0; then for each bucket the tokens that are left, and the
-- microseconds until there is one more (0 where it is full).
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local hits = tonumber(ARGV[1])
local taken = 1
local buckets = {}

for number, key in ipairs(KEYS) do
  local period = ARGV[2 * number + 1] * 1000000
  local interval = period / ARGV[2 * number]
  local full = tonumber(redis.call('GET', key) or now)
  -- Never later than a whole period from now: the clock of this server may have been set back.
  full = math.min(math.max(full, now), now + period)
  buckets[number] = {full = full, interval = interval, period = period}
  -- A microsecond for what rounding has cost.
  if full + hits * interval > now + period + 1 then taken = 0 end
end

local answer = {taken}
for number, bucket in ipairs(buckets) do
  if taken == 1 then
    bucket.full = bucket.full + hits * bucket.interval
    local milliseconds = math.ceil((bucket.full - now) / 1000)
    -- A bucket that is full again is forgotten: absent and full are the same.
    redis.call('SET', KEYS[number], string.format('%.3f', bucket.full), 'PX', milliseconds)
  end
  local missing = bucket.full - now
  local left = math.max(0, math.floor((bucket.period - missing + 1) / bucket.interval))
  local wait = math.max(0, missing - (bucket.period - (left + 1) * bucket.interval))
  answer[2 * number] = left
  answer[2 * number + 1] = math.ceil(wait)
end
return answer
