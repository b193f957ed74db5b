-- Removes consumers of processes that are gone: those that hold nothing and have asked for nothing for long.
-- KEYS: the stream.
-- ARGV: consumer group, who holds what was given back, milliseconds.
local removed = 0
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
    local known = {}
    for at = 1, #consumer, 2 do
        known[consumer[at]] = consumer[at + 1]
    end
    if known.pending == 0 and known.idle >= tonumber(ARGV[3]) and known.name ~= ARGV[2] then
        redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], known.name)
        removed = removed + 1
    end
end
return removed
