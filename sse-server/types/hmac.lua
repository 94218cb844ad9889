---@meta hmac

---A text's proof that it was written by who knows the key.
---@class sse.hmac
local hmac = {}

---@param key string
---@param data string
---@param encoding? "hex"|"base64"|"base64url"|"raw" hex without it
---@return string
function hmac.sha256(key, data, encoding) end

---@param key string
---@param data string
---@param encoding? "hex"|"base64"|"base64url"|"raw" hex without it
---@return string
function hmac.sha384(key, data, encoding) end

---@param key string
---@param data string
---@param encoding? "hex"|"base64"|"base64url"|"raw" hex without it
---@return string
function hmac.sha512(key, data, encoding) end

---Compares in a time that tells nothing about where the texts differ.
---@param left string
---@param right string
---@return boolean
function hmac.equal(left, right) end

return hmac
