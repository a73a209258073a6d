package ringmain

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/protobuf/proto"

	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

// Ask returns the request of one question, with what it is about.
func Ask(question string, media ...*ringmainv1.Media) *ringmainv1.ChatRequest {
	return Converse(User(question, media...))
}

// Converse returns the request of a conversation, oldest turn first.
func Converse(turns ...*ringmainv1.Message) *ringmainv1.ChatRequest {
	return &ringmainv1.ChatRequest{Messages: turns}
}

// User returns what the user says: a text, then media. How closely the model looks at an image is a field of its
// part: message.Parts[1].ImageDetail is that of the first.
func User(text string, media ...*ringmainv1.Media) *ringmainv1.Message {
	parts := []*ringmainv1.Part{textPart(text)}
	for _, one := range media {
		parts = append(parts, &ringmainv1.Part{Content: &ringmainv1.Part_Media{Media: one}})
	}
	return &ringmainv1.Message{Role: ringmainv1.Role_ROLE_USER, Parts: parts}
}

// System returns instructions to the model.
func System(text string) *ringmainv1.Message {
	return &ringmainv1.Message{Role: ringmainv1.Role_ROLE_SYSTEM, Parts: []*ringmainv1.Part{textPart(text)}}
}

// Assistant returns what a model said. For an answer of this client, take [Answer.Message].
func Assistant(text string) *ringmainv1.Message {
	return &ringmainv1.Message{Role: ringmainv1.Role_ROLE_ASSISTANT, Parts: []*ringmainv1.Part{textPart(text)}}
}

// ToolResult returns what running a tool gave. A string is sent as it is, an error as a failure, and anything
// else as JSON; what has no JSON form is told to the model as a failure too.
func ToolResult(call *ringmainv1.ToolCall, value any) *ringmainv1.Message {
	text, failed := resultText(value)
	result := &ringmainv1.ToolResult{
		ToolCallId: call.GetToolCallId(),
		Parts:      []*ringmainv1.Part{textPart(text)},
		Failed:     failed,
	}
	part := &ringmainv1.Part{Content: &ringmainv1.Part_ToolResult{ToolResult: result}}
	return &ringmainv1.Message{Role: ringmainv1.Role_ROLE_TOOL, Parts: []*ringmainv1.Part{part}}
}

func resultText(value any) (text string, failed bool) {
	switch value := value.(type) {
	case string:
		return value, false
	case error:
		return value.Error(), true
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return err.Error(), true
	}
	return string(encoded), false
}

// Tool returns a function that the model may ask for. The schema is a JSON Schema object as text.
func Tool(name, description, parametersSchemaJSON string) *ringmainv1.Tool {
	return &ringmainv1.Tool{Kind: &ringmainv1.Tool_Function{Function: &ringmainv1.FunctionTool{
		Name: name, Description: description, ParametersSchemaJson: parametersSchemaJSON,
	}}}
}

// StrictTool returns a [Tool] whose schema the provider must hold the model to.
func StrictTool(name, description, parametersSchemaJSON string) *ringmainv1.Tool {
	tool := Tool(name, description, parametersSchemaJSON)
	tool.GetFunction().Strict = proto.Bool(true)
	return tool
}

// WebSearch returns a web search that the provider runs, over these domains alone if any are given. The tool's
// GetWebSearch has its other settings.
func WebSearch(allowedDomains ...string) *ringmainv1.Tool {
	return &ringmainv1.Tool{Kind: &ringmainv1.Tool_WebSearch{WebSearch: &ringmainv1.WebSearchTool{
		AllowedDomains: allowedDomains,
	}}}
}

// CodeExecution returns a sandbox in which the provider runs code that the model writes.
func CodeExecution() *ringmainv1.Tool {
	return &ringmainv1.Tool{Kind: &ringmainv1.Tool_CodeExecution{CodeExecution: &ringmainv1.CodeExecutionTool{}}}
}

// Image returns the image in a file. The gateway detects its media type.
func Image(path string) (*ringmainv1.Media, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ImageData(data), nil
}

// ImageData returns an image from its bytes. The gateway detects its media type.
func ImageData(data []byte) *ringmainv1.Media {
	return &ringmainv1.Media{Source: &ringmainv1.Media_Data{Data: data}}
}

// ImageURI returns an image by its https address.
func ImageURI(uri string) *ringmainv1.Media {
	return &ringmainv1.Media{Source: &ringmainv1.Media_Uri{Uri: uri}}
}

// Document returns the document in a file, such as a PDF, under the file's name.
func Document(path string) (*ringmainv1.Media, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	mimeType, _, _ := strings.Cut(mime.TypeByExtension(filepath.Ext(path)), ";")
	return &ringmainv1.Media{
		Source: &ringmainv1.Media_Data{Data: data}, Filename: filepath.Base(path), MimeType: mimeType,
	}, nil
}

var extensions = map[string]string{
	"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif",
}

// Save writes media's bytes to a file and returns its path: that given, which gets the extension of the media
// type if it has none.
func Save(media *ringmainv1.Media, path string) (string, error) {
	inline, is := media.GetSource().(*ringmainv1.Media_Data)
	if !is {
		return "", errors.New("ringmain: the media is not inline")
	}
	if filepath.Ext(path) == "" {
		path += extensions[media.GetMimeType()]
	}
	if err := os.WriteFile(path, inline.Data, 0o644); err != nil {
		return "", fmt.Errorf("ringmain: %w", err)
	}
	return path, nil
}

func textPart(text string) *ringmainv1.Part {
	return &ringmainv1.Part{Content: &ringmainv1.Part_Text{Text: text}}
}
