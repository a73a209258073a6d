//! Tools that the model may use. Pure.

use crate::v1::tool::Kind;
use crate::v1::{CodeExecutionTool, FunctionTool, Tool, WebSearchTool};

impl FunctionTool {
    /// A function that you run: its name, what it does, and its parameters as the text of a JSON Schema.
    pub fn new(
        name: impl Into<String>,
        description: impl Into<String>,
        parameters_schema_json: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            parameters_schema_json: parameters_schema_json.into(),
            strict: None,
        }
    }
}

impl Tool {
    /// A function that you run, as [`FunctionTool::new`].
    pub fn function(
        name: impl Into<String>,
        description: impl Into<String>,
        parameters_schema_json: impl Into<String>,
    ) -> Self {
        FunctionTool::new(name, description, parameters_schema_json).into()
    }

    /// A web search that the provider runs. For one with limits, make the tool of a [`WebSearchTool`].
    pub fn web_search() -> Self {
        WebSearchTool::default().into()
    }

    /// A sandbox in which the provider runs code that the model writes.
    pub fn code_execution() -> Self {
        CodeExecutionTool {}.into()
    }
}

impl From<FunctionTool> for Tool {
    fn from(function: FunctionTool) -> Self {
        Self { kind: Some(Kind::Function(function)) }
    }
}

impl From<WebSearchTool> for Tool {
    fn from(search: WebSearchTool) -> Self {
        Self { kind: Some(Kind::WebSearch(search)) }
    }
}

impl From<CodeExecutionTool> for Tool {
    fn from(execution: CodeExecutionTool) -> Self {
        Self { kind: Some(Kind::CodeExecution(execution)) }
    }
}
