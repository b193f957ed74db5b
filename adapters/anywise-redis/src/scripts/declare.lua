-- Makes the group of a subscription, and has it get the events that it listens to.
-- KEYS: its stream, the routes, their version.
-- ARGV: consumer group, arrow and group, new version, seconds until a route is forgotten, events.
local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
if type(made) == 'table' and made.err and string.sub(made.err, 1, 9) ~= 'BUSYGROUP' then
    return made
end
local now = tonumber(redis.call('TIME')[1])
local suffix, wanted, changed = ARGV[2], {}, false
for at = 5, #ARGV do
    local route = ARGV[at] .. suffix
    wanted[route] = true
    if redis.call('HSET', KEYS[2], route, now) == 1 then
        changed = true
    end
end
local routes = redis.call('HGETALL', KEYS[2])
for at = 1, #routes, 2 do
    local route, asked = routes[at], tonumber(routes[at + 1])
    local own = string.sub(route, -#suffix) == suffix
    if own and not wanted[route] and now - asked >= tonumber(ARGV[4]) then
        redis.call('HDEL', KEYS[2], route)
        changed = true
    end
end
if changed or redis.call('EXISTS', KEYS[3]) == 0 then
    redis.call('SET', KEYS[3], ARGV[3])
end
return redis.status_reply('OK')
