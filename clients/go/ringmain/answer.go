package ringmain

import (
	"encoding/json"
	"strings"

	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

// An Answer is a model's answer: the response of the contract and readings of it.
type Answer struct {
	*ringmainv1.ChatResponse
}

// Text is the answer's text, all parts of it.
func (a Answer) Text() string {
	var text strings.Builder
	for _, part := range a.GetMessage().GetParts() {
		text.WriteString(part.GetText())
	}
	return text.String()
}

// Reasoning is the model's reasoning, as far as the provider shows it.
func (a Answer) Reasoning() string {
	var text strings.Builder
	for _, part := range a.GetMessage().GetParts() {
		text.WriteString(part.GetReasoning().GetText())
	}
	return text.String()
}

// ToolCalls are the tools that the model wants you to run. Their arguments are JSON as the model wrote it, which
// may be invalid.
func (a Answer) ToolCalls() []*ringmainv1.ToolCall {
	var calls []*ringmainv1.ToolCall
	for _, part := range a.GetMessage().GetParts() {
		if call := part.GetToolCall(); call != nil {
			calls = append(calls, call)
		}
	}
	return calls
}

// ProviderToolCalls are the tools that the provider ran itself, such as web searches. They need no answer.
func (a Answer) ProviderToolCalls() []*ringmainv1.ProviderToolCall {
	var calls []*ringmainv1.ProviderToolCall
	for _, part := range a.GetMessage().GetParts() {
		if call := part.GetProviderToolCall(); call != nil {
			calls = append(calls, call)
		}
	}
	return calls
}

// Sources are what the text rests on: the citations of all parts in the order of their first appearance, one for
// each web page, or for each page of a file.
func (a Answer) Sources() []*ringmainv1.Citation {
	type source struct {
		uri, filename string
		page          int32
	}
	var sources []*ringmainv1.Citation
	seen := map[source]bool{}
	for _, part := range a.GetMessage().GetParts() {
		for _, citation := range part.GetCitations() {
			key := source{uri: citation.GetUri()}
			if key.uri == "" {
				key = source{filename: citation.GetFilename(), page: citation.GetPageNumber()}
			}
			if !seen[key] {
				seen[key] = true
				sources = append(sources, citation)
			}
		}
	}
	return sources
}

// Logprobs are the tokens of the text with their probabilities, if GenerationConfig.TopLogprobs asked for them.
func (a Answer) Logprobs() []*ringmainv1.TokenLogprobs {
	var tokens []*ringmainv1.TokenLogprobs
	for _, part := range a.GetMessage().GetParts() {
		tokens = append(tokens, part.GetLogprobs()...)
	}
	return tokens
}

// Media are the images and the speech in the answer.
func (a Answer) Media() []*ringmainv1.Media {
	var media []*ringmainv1.Media
	for _, part := range a.GetMessage().GetParts() {
		if one := part.GetMedia(); one != nil {
			media = append(media, one)
		}
	}
	return media
}

// MustContinue says whether the model goes on only when the conversation is sent again with the answer's message at its
// end. It asks for tools, and a [ToolResult] for each of ToolCalls comes after the message, or the provider paused
// a long turn, and nothing comes after it.
func (a Answer) MustContinue() bool {
	switch a.GetFinishReason() {
	case ringmainv1.FinishReason_FINISH_REASON_TOOL_CALLS, ringmainv1.FinishReason_FINISH_REASON_PAUSED:
		return true
	}
	return false
}

// Decode parses the text as JSON into value, for answers that were asked in a JSON format.
func (a Answer) Decode(value any) error { return json.Unmarshal([]byte(a.Text()), value) }

// Stopped says why the model stopped: stop, max_tokens, tool_calls, content_filter, refusal or paused; empty if
// unknown.
func (a Answer) Stopped() string {
	name, known := ringmainv1.FinishReason_name[int32(a.GetFinishReason())]
	if !known || a.GetFinishReason() == ringmainv1.FinishReason_FINISH_REASON_UNSPECIFIED {
		return ""
	}
	return strings.ToLower(strings.TrimPrefix(name, "FINISH_REASON_"))
}

// CostUSD is the price in US dollars; known is false when there is none, which is not the same as free.
func (a Answer) CostUSD() (usd float64, known bool) {
	if a.GetUsage() == nil || a.GetUsage().CostNanoUsd == nil {
		return 0, false
	}
	return float64(a.GetUsage().GetCostNanoUsd()) / 1e9, true
}

// Provider is the provider that answered.
func (a Answer) Provider() string { return a.GetRoute().GetProviderId() }

// ProviderModel is the provider's own name for the model that answered.
func (a Answer) ProviderModel() string { return a.GetRoute().GetProviderModel() }
