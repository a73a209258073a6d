#include "ringmain/tools.hpp"

#include <utility>

namespace ringmain {

v1::Tool tool(std::string name, std::string description, std::string parameters_schema_json,
              std::optional<bool> strict) {
  v1::Tool made;
  v1::FunctionTool& function = *made.mutable_function();
  function.set_name(std::move(name));
  function.set_description(std::move(description));
  function.set_parameters_schema_json(std::move(parameters_schema_json));
  if (strict) function.set_strict(*strict);
  return made;
}

v1::Tool web_search(v1::WebSearchTool limits) {
  v1::Tool made;
  *made.mutable_web_search() = std::move(limits);
  return made;
}

v1::Tool code_execution() {
  v1::Tool made;
  made.mutable_code_execution();
  return made;
}

}  // namespace ringmain
