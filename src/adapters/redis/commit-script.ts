/**
 * The one Lua call that moves the ledger. It compares before it writes anything, so that it changes all or nothing:
 * the trail's tail must be the entry that the new ones were chained to, and each record must stand at the version that
 * its change was made from.
 *
 * KEYS  1 trail, 2 unfinished, 3 ids, 4 recent, 5 untold, 6... per change its record, its requester's accesses, and
 *       those of them that are not over
 * ARGV  tail id ('' for an empty trail), tail hash ('' for whatever stands there), number of entries, then id, entry, sig ('' for none) each,
 *       then per change: version expected ('0' for none), version, row, mac, access id, '1' if unfinished, asked at, target
 * Gives {'ok'} | {'tail'} | {'conflict', index, ...} (indices of changes from 1).
 */
export const commitScript = `
local tail = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if ARGV[1] == '' then
  if tail then return {'tail'} end
else
  if not tail or tail[1] ~= ARGV[1] then return {'tail'} end
  if ARGV[2] ~= '' then
    local fields, text = tail[2], nil
    for i = 1, #fields, 2 do if fields[i] == 'entry' then text = fields[i + 1] end end
    if not text or not string.find(text, '"hash":"' .. ARGV[2] .. '"', 1, true) then return {'tail'} end
  end
end
local count = tonumber(ARGV[3])
local at = 4 + 3 * count
local conflicts = {'conflict'}
local changes = (#KEYS - 5) / 3
for i = 0, changes - 1 do
  local version = redis.call('HGET', KEYS[6 + 3 * i], 'version') or '0'
  if version ~= ARGV[at + 8 * i] then conflicts[#conflicts + 1] = tostring(i + 1) end
end
if #conflicts > 1 then return conflicts end
for i = 0, count - 1 do
  local id, entry, sig = ARGV[4 + 3 * i], ARGV[5 + 3 * i], ARGV[6 + 3 * i]
  if sig == '' then redis.call('XADD', KEYS[1], id, 'entry', entry)
  else redis.call('XADD', KEYS[1], id, 'entry', entry, 'sig', sig) end
end
local finished, unfinished, ids, recent = {}, {}, {}, {}
for i = 0, changes - 1 do
  local a = at + 8 * i
  local id, asked = ARGV[a + 4], ARGV[a + 6]
  redis.call('HSET', KEYS[6 + 3 * i], 'version', ARGV[a + 1], 'row', ARGV[a + 2], 'mac', ARGV[a + 3])
  local kind = ARGV[a + 5] == '1' and unfinished or finished
  kind[#kind + 1] = id
  if ARGV[a] == '0' then
    ids[#ids + 1], ids[#ids + 2] = '0', id
    recent[#recent + 1], recent[#recent + 2] = asked, id
    redis.call('ZADD', KEYS[7 + 3 * i], asked, id)
    if kind == unfinished then redis.call('ZADD', KEYS[8 + 3 * i], asked, id .. ' ' .. ARGV[a + 7]) end
  elseif kind == finished then
    redis.call('ZREM', KEYS[8 + 3 * i], id .. ' ' .. ARGV[a + 7])
  end
end
local function all(command, key, words) if #words > 0 then redis.call(command, key, unpack(words)) end end
all('SREM', KEYS[2], finished)
all('SADD', KEYS[2], unfinished)
all('SADD', KEYS[5], finished)
all('SADD', KEYS[5], unfinished)
all('ZADD', KEYS[3], ids)
all('ZADD', KEYS[4], recent)
return {'ok'}
`;

/**
 * People were told of this version: nothing is owed to them until the next one. KEYS 1 untold, 2 record; ARGV version,
 * access id.
 */
export const toldScript = `
if redis.call('HGET', KEYS[2], 'version') == ARGV[1] then return redis.call('SREM', KEYS[1], ARGV[2]) end
return 0
`;
