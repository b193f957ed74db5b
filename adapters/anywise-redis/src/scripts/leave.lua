-- Gives back what a consumer holds, and removes it once it holds nothing.
-- KEYS: the stream.
-- ARGV: consumer group, the consumer, who holds what was given back, at most, idle milliseconds.
-- Says how many it gave back.
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', ARGV[4], ARGV[2])
if #pending == 0 then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
    return 0
end
local claim = {'XCLAIM', KEYS[1], ARGV[1], ARGV[3], '0'}
for _, one in ipairs(pending) do
    claim[#claim + 1] = one[1]
end
claim[#claim + 1] = 'IDLE'
claim[#claim + 1] = ARGV[5]
claim[#claim + 1] = 'JUSTID'
redis.call(unpack(claim))
return #pending
