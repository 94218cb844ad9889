---@meta jwt

---@alias sse.jwt.Algorithm "HS256"|"HS384"|"HS512"|"RS256"|"RS384"|"RS512"|"PS256"|"PS384"|"PS512"|"ES256"|"ES384"|"EdDSA"

---@class sse.jwt.EncodeOptions
---@field alg sse.jwt.Algorithm
---@field key string|table<string, string> a secret for HS…, otherwise a private key in PEM; or several by kid
---@field kid string?
---@field ttl number? seconds: sets `iat` and `exp`

---@class sse.jwt.DecodeOptions
---@field alg sse.jwt.Algorithm the only one that is accepted
---@field key string|table<string, string> a secret for HS…, otherwise a public key in PEM; or several by kid
---@field aud string? who is asked; without it, a token that has an audience is refused
---@field iss string?
---@field leeway number? seconds that clocks may differ, at most 300; 0 without it

---JSON Web Tokens.
---@class sse.jwt
local jwt = {}

---Raises if the claims have no `exp` and the options no `ttl`.
---@param claims table
---@param opts sse.jwt.EncodeOptions
---@return string
function jwt.encode(claims, opts) end

---Raises if the options are wrong; never for a token.
---@param token string
---@param opts sse.jwt.DecodeOptions
---@return table? claims
---@return string? refused why, in words for a log
function jwt.decode(token, opts) end

return jwt
