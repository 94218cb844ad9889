---@meta fernet

---@class sse.fernet.Cipher
local cipher = {}

---@param data string
---@return string
function cipher:encrypt(data) end

---@param token string
---@param ttl? number seconds
---@return string? # nil if anything is wrong with the token
function cipher:decrypt(token, ttl) end

---Texts that only who knows the key can read or write. Without a key, a random one.
---@class sse.fernet
---@overload fun(key?: string): sse.fernet.Cipher
local fernet = {}

---@return string
function fernet.genkey() end

return fernet
