-- KEYS[1]: when the bucket is full. ARGV: now, the price of what is wanted, the window, for how long to remember a bucket
-- beyond that (milliseconds). Times are microseconds, below 2^53. As Local::take.
local now, price, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full_at = tonumber(redis.call('GET', KEYS[1]) or ARGV[1])
full_at = math.min(math.max(full_at, now), now + window)
if full_at + price - now > window then
  return {0, full_at}
end
full_at = full_at + price
redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000) + tonumber(ARGV[4]))
return {1, full_at}
