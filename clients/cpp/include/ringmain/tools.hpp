// Tools that the model may use.
#pragma once

#include <optional>
#include <string>

#include "ringmain/v1/generation.pb.h"

namespace ringmain {

// A function that you run: its name, what it does, its parameters as the text of a JSON Schema, and whether the
// provider must hold the model to them (unset: its default).
v1::Tool tool(std::string name, std::string description, std::string parameters_schema_json,
              std::optional<bool> strict = std::nullopt);
// A web search that the provider runs, within limits if you like.
v1::Tool web_search(v1::WebSearchTool limits = {});
// A sandbox in which the provider runs code that the model writes.
v1::Tool code_execution();

}  // namespace ringmain
