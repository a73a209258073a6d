package ringmain

import (
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

// A Delta is what a streamed answer grew by.
type Delta struct {
	Text          string // to append to the answer's text
	Reasoning     string // to append to its reasoning
	ToolCallID    string // the tool call that grew
	ToolName      string // its tool
	ArgumentsJSON string // a piece of its arguments
	Discarded     bool   // whether everything before is void: another provider starts the answer again
}

// growing is a part and what is to be appended to it. Pieces are joined once.
type growing struct {
	part      *ringmainv1.Part
	text      strings.Builder
	reasoning strings.Builder
	arguments strings.Builder
	signature []byte
}

func (g *growing) append(delta *ringmainv1.PartDelta) {
	switch delta := delta.GetDelta().(type) {
	case *ringmainv1.PartDelta_Text:
		g.text.WriteString(delta.Text)
	case *ringmainv1.PartDelta_ReasoningText:
		g.reasoning.WriteString(delta.ReasoningText)
	case *ringmainv1.PartDelta_ArgumentsJson:
		g.arguments.WriteString(delta.ArgumentsJson)
	case *ringmainv1.PartDelta_Signature:
		g.signature = append(g.signature, delta.Signature...)
	}
}

// whole returns the part so far. A part whose opening was not seen is of the kind of what was appended to it.
func (g *growing) whole() *ringmainv1.Part {
	part := proto.Clone(g.part).(*ringmainv1.Part)
	if g.text.Len() > 0 {
		part.Content = &ringmainv1.Part_Text{Text: part.GetText() + g.text.String()}
	}
	if g.reasoning.Len() > 0 || len(g.signature) > 0 {
		reasoning := part.GetReasoning()
		if reasoning == nil {
			reasoning = &ringmainv1.Reasoning{}
		}
		reasoning.Text += g.reasoning.String()
		reasoning.Signature = append(reasoning.GetSignature(), g.signature...)
		part.Content = &ringmainv1.Part_Reasoning{Reasoning: reasoning}
	}
	if g.arguments.Len() > 0 {
		call := part.GetToolCall()
		if call == nil {
			call = &ringmainv1.ToolCall{}
		}
		call.ArgumentsJson += g.arguments.String()
		part.Content = &ringmainv1.Part_ToolCall{ToolCall: call}
	}
	return part
}

// fold folds the events of a stream into the answer that Chat would have given.
type fold struct {
	responseID string
	route      *ringmainv1.Route
	parts      map[int32]*growing
	end        *ringmainv1.ChatFinished
}

// add takes the next event. Kinds of event newer than this client are skipped.
func (f *fold) add(event *ringmainv1.ChatEvent) {
	switch event := event.GetEvent().(type) {
	case *ringmainv1.ChatEvent_Started:
		f.responseID = event.Started.GetResponseId()
		f.servedBy(event.Started.GetProviderId(), event.Started.GetProviderModel())
	case *ringmainv1.ChatEvent_PartStarted:
		f.at(event.PartStarted.GetIndex()).part = event.PartStarted.GetPart()
	case *ringmainv1.ChatEvent_PartDelta:
		f.at(event.PartDelta.GetIndex()).append(event.PartDelta)
	case *ringmainv1.ChatEvent_Recovered:
		f.servedBy(event.Recovered.GetProviderId(), event.Recovered.GetProviderModel())
		if event.Recovered.GetContentDiscarded() {
			clear(f.parts)
		}
	case *ringmainv1.ChatEvent_Finished:
		f.end = event.Finished
		f.route = event.Finished.GetRoute()
	}
}

func (f *fold) servedBy(provider, model string) {
	f.route = &ringmainv1.Route{ProviderId: provider, ProviderModel: model}
}

func (f *fold) at(index int32) *growing {
	if f.parts == nil {
		f.parts = make(map[int32]*growing)
	}
	if f.parts[index] == nil {
		f.parts[index] = &growing{part: &ringmainv1.Part{}}
	}
	return f.parts[index]
}

// delta returns what an event, already added, shows a reader; false if nothing.
func (f *fold) delta(event *ringmainv1.ChatEvent) (Delta, bool) {
	var shown Delta
	switch event := event.GetEvent().(type) {
	case *ringmainv1.ChatEvent_PartStarted:
		part := event.PartStarted.GetPart()
		call := part.GetToolCall()
		shown = Delta{
			Text: part.GetText(), Reasoning: part.GetReasoning().GetText(),
			ToolCallID: call.GetToolCallId(), ToolName: call.GetName(), ArgumentsJSON: call.GetArgumentsJson(),
		}
	case *ringmainv1.ChatEvent_PartDelta:
		shown = f.growth(event.PartDelta)
	case *ringmainv1.ChatEvent_Recovered:
		shown.Discarded = event.Recovered.GetContentDiscarded()
	}
	return shown, shown != Delta{}
}

func (f *fold) growth(delta *ringmainv1.PartDelta) Delta {
	switch grown := delta.GetDelta().(type) {
	case *ringmainv1.PartDelta_Text:
		return Delta{Text: grown.Text}
	case *ringmainv1.PartDelta_ReasoningText:
		return Delta{Reasoning: grown.ReasoningText}
	case *ringmainv1.PartDelta_ArgumentsJson:
		call := f.at(delta.GetIndex()).part.GetToolCall()
		return Delta{
			ToolCallID: call.GetToolCallId(), ToolName: call.GetName(), ArgumentsJSON: grown.ArgumentsJson,
		}
	}
	return Delta{}
}

// answer returns the answer so far, which is the whole one once the end was added.
func (f *fold) answer() Answer {
	message := &ringmainv1.Message{Role: ringmainv1.Role_ROLE_ASSISTANT}
	for _, index := range slices.Sorted(maps.Keys(f.parts)) {
		message.Parts = append(message.Parts, f.parts[index].whole())
	}
	return Answer{&ringmainv1.ChatResponse{
		ResponseId:   f.responseID,
		Message:      message,
		FinishReason: f.end.GetFinishReason(),
		Usage:        f.end.GetUsage(),
		Route:        f.route,
	}}
}
