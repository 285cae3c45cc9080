-- JSON, as far as jobs and answers need it: objects, lists, text, numbers, true, false; null is nil.

local json = {}
local LIST = {}

-- A table that is written as a list even when it is empty.
function json.list (values)
	return setmetatable (values or {}, LIST)
end

local ESCAPED = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
local PLAIN = { ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function text_of (value)
	return '"' .. value:gsub ('[%c"\\]', function (c)
		return ESCAPED[c] or string.format ("\\u%04x", c:byte ())
	end) .. '"'
end

-- Lua writes numbers the way the composer's language does; JSON always has a point.
local function number_of (value)
	if math.type (value) == "integer" then return string.format ("%d", value) end
	if value ~= value or value == math.huge or value == -math.huge then error ("no JSON for " .. tostring (value)) end
	return (string.format ("%.17g", value):gsub (",", "."))
end

function json.encode (value)
	local kind = type (value)
	if kind == "string" then return text_of (value) end
	if kind == "number" then return number_of (value) end
	if kind == "boolean" then return tostring (value) end
	if kind ~= "table" then error ("no JSON for a " .. kind) end
	local parts = {}
	if getmetatable (value) == LIST then
		for position, each in ipairs (value) do parts[position] = json.encode (each) end
		return "[" .. table.concat (parts, ",") .. "]"
	end
	for key, each in pairs (value) do parts[#parts + 1] = text_of (tostring (key)) .. ":" .. json.encode (each) end
	table.sort (parts)
	return "{" .. table.concat (parts, ",") .. "}"
end

local function wrong (text, position)
	error ("not JSON at byte " .. position .. " of " .. #text)
end

local function skipped (text, position)
	return text:find ("[^ \t\r\n]", position) or #text + 1
end

local function read_text (text, position)
	local parts = {}
	while true do
		local stop = text:find ('["\\]', position) or wrong (text, position)
		parts[#parts + 1] = text:sub (position, stop - 1)
		if text:sub (stop, stop) == '"' then return table.concat (parts), stop + 1 end
		local sign = text:sub (stop + 1, stop + 1)
		if sign == "u" then
			local code = tonumber (text:match ("^%x%x%x%x", stop + 2) or wrong (text, stop), 16)
			position = stop + 6
			local low = code >= 0xD800 and code < 0xDC00 and text:match ("^\\u(%x%x%x%x)", position)
			if low then
				code = 0x10000 + (code - 0xD800) * 0x400 + tonumber (low, 16) - 0xDC00
				position = position + 6
			end
			parts[#parts + 1] = utf8.char (code)
		else
			parts[#parts + 1] = PLAIN[sign] or wrong (text, stop)
			position = stop + 2
		end
	end
end

local read_value

local function read_list (text, position)
	local values = json.list ()
	position = skipped (text, position)
	if text:sub (position, position) == "]" then return values, position + 1 end
	while true do
		values[#values + 1], position = read_value (text, position)
		position = skipped (text, position)
		local sign = text:sub (position, position)
		if sign == "]" then return values, position + 1 end
		if sign ~= "," then wrong (text, position) end
		position = position + 1
	end
end

local function read_object (text, position)
	local values = {}
	position = skipped (text, position)
	if text:sub (position, position) == "}" then return values, position + 1 end
	while true do
		local key
		position = skipped (text, position)
		if text:sub (position, position) ~= '"' then wrong (text, position) end
		key, position = read_text (text, position + 1)
		position = skipped (text, position)
		if text:sub (position, position) ~= ":" then wrong (text, position) end
		values[key], position = read_value (text, position + 1)
		position = skipped (text, position)
		local sign = text:sub (position, position)
		if sign == "}" then return values, position + 1 end
		if sign ~= "," then wrong (text, position) end
		position = position + 1
	end
end

local WORDS = { { "true", true }, { "false", false }, { "null", nil } }

function read_value (text, position)
	position = skipped (text, position)
	local sign = text:sub (position, position)
	if sign == '"' then return read_text (text, position + 1) end
	if sign == "{" then return read_object (text, position + 1) end
	if sign == "[" then return read_list (text, position + 1) end
	local number = text:match ("^%-?%d+%.?%d*[eE]?[%+%-]?%d*", position)
	if number then return tonumber (number) or wrong (text, position), position + #number end
	for _, word in ipairs (WORDS) do
		if text:sub (position, position + #word[1] - 1) == word[1] then return word[2], position + #word[1] end
	end
	wrong (text, position)
end

-- The value that the text holds. Raises an error for what is no JSON.
function json.decode (text)
	local value, position = read_value (text, 1)
	if skipped (text, position) <= #text then wrong (text, position) end
	return value
end

return json
