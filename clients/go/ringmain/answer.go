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

// ToolCalls are the tools that the model wants to be run. Their arguments are JSON as the model wrote it, which
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

// Decode parses the text as JSON into value, for answers that were asked in a JSON format.
func (a Answer) Decode(value any) error { return json.Unmarshal([]byte(a.Text()), value) }

// Stopped says why the model stopped: stop, max_tokens, tool_calls, content_filter or refusal; empty if unknown.
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
