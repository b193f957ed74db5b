-- Keeps what a group could not handle, as it came, with the reason.
-- KEYS: the stream, the stream of dead letters.
-- ARGV: consumer group, 1 if entries are deleted here, then an id and a reason in turn.
for at = 3, #ARGV, 2 do
    local id, reason = ARGV[at], ARGV[at + 1]
    local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
    if entry then
        local add = {'XADD', KEYS[2], '*', 'aw-dead-reason', reason, 'aw-dead-from', KEYS[1] .. '/' .. id}
        for _, field in ipairs(entry[2]) do
            add[#add + 1] = field
        end
        redis.call(unpack(add))
    end
    redis.call('XACK', KEYS[1], ARGV[1], id)
    if ARGV[2] == '1' then
        redis.call('XDEL', KEYS[1], id)
    end
end
return redis.status_reply('OK')
