package ringmain

import (
	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

// A Delta is what a streamed answer grew by.
type Delta struct {
	Text             string                       // to append to the answer's text
	Reasoning        string                       // to append to its reasoning
	ToolCallID       string                       // the call of your tool that grew
	ToolName         string                       // its tool
	ArgumentsJSON    string                       // a piece of its arguments
	Discarded        bool                         // whether everything before is void: another provider starts the answer again
	ProviderToolCall *ringmainv1.ProviderToolCall // the provider's own tool that grew: its id and name, and pieces to append
	Citation         *ringmainv1.Citation         // a source of the text; it may come before the text that it is about
	Media            *ringmainv1.Media            // an image or speech that grew: its media type, and bytes to append
}

// delta returns what an event, already added, shows a reader; false if nothing.
func (f *fold) delta(event *ringmainv1.ChatEvent) (Delta, bool) {
	var shown Delta
	switch event := event.GetEvent().(type) {
	case *ringmainv1.ChatEvent_PartStarted:
		shown = opened(event.PartStarted.GetPart())
	case *ringmainv1.ChatEvent_PartDelta:
		shown = grown(event.PartDelta, f.parts[event.PartDelta.GetIndex()].part)
	case *ringmainv1.ChatEvent_Recovered:
		shown.Discarded = event.Recovered.GetContentDiscarded()
	}
	return shown, shown != Delta{}
}

func opened(part *ringmainv1.Part) Delta {
	call := part.GetToolCall()
	return Delta{
		Text: part.GetText(), Reasoning: part.GetReasoning().GetText(),
		ToolCallID: call.GetToolCallId(), ToolName: call.GetName(), ArgumentsJSON: call.GetArgumentsJson(),
		ProviderToolCall: part.GetProviderToolCall(), Media: part.GetMedia(),
	}
}

// grown returns what a delta shows; part is what it was appended to.
func grown(delta *ringmainv1.PartDelta, part *ringmainv1.Part) Delta {
	switch delta := delta.GetDelta().(type) {
	case *ringmainv1.PartDelta_Text:
		return Delta{Text: delta.Text}
	case *ringmainv1.PartDelta_ReasoningText:
		return Delta{Reasoning: delta.ReasoningText}
	case *ringmainv1.PartDelta_ArgumentsJson:
		if part.GetProviderToolCall() != nil {
			return providerCallGrown(part, &ringmainv1.ProviderToolCall{ArgumentsJson: delta.ArgumentsJson})
		}
		call := part.GetToolCall()
		return Delta{ToolCallID: call.GetToolCallId(), ToolName: call.GetName(), ArgumentsJSON: delta.ArgumentsJson}
	case *ringmainv1.PartDelta_Result:
		return providerCallGrown(part, &ringmainv1.ProviderToolCall{Results: []*ringmainv1.Part{delta.Result}})
	case *ringmainv1.PartDelta_Failed:
		return providerCallGrown(part, &ringmainv1.ProviderToolCall{Failed: delta.Failed})
	case *ringmainv1.PartDelta_Citation:
		return Delta{Citation: delta.Citation}
	case *ringmainv1.PartDelta_Data:
		piece := ImageData(delta.Data)
		piece.MimeType = part.GetMedia().GetMimeType()
		return Delta{Media: piece}
	}
	return Delta{}
}

// providerCallGrown returns a delta of the call of a provider's tool, with the id and the name that its part has.
func providerCallGrown(part *ringmainv1.Part, pieces *ringmainv1.ProviderToolCall) Delta {
	call := part.GetProviderToolCall()
	pieces.ToolCallId, pieces.Name = call.GetToolCallId(), call.GetName()
	return Delta{ProviderToolCall: pieces}
}
