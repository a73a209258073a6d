package ringmain

import (
	"google.golang.org/protobuf/proto"

	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

// growing is a part and what is to be appended to it. Pieces are joined once, so that a long answer is not
// copied with each of them.
type growing struct {
	part      *ringmainv1.Part
	body      []byte // of what the part's kind holds: text, arguments or the bytes of a medium
	signature []byte
}

// newGrowing begins with a copy of the part, whose lists grow as they come.
func newGrowing(part *ringmainv1.Part) *growing {
	copied := &ringmainv1.Part{}
	proto.Merge(copied, part)
	return &growing{part: copied}
}

// emptyFor returns an empty part of the kind that a delta grows.
func emptyFor(delta *ringmainv1.PartDelta) *ringmainv1.Part {
	switch delta.GetDelta().(type) {
	case *ringmainv1.PartDelta_Text:
		return textPart("")
	case *ringmainv1.PartDelta_ReasoningText:
		return &ringmainv1.Part{Content: &ringmainv1.Part_Reasoning{Reasoning: &ringmainv1.Reasoning{}}}
	case *ringmainv1.PartDelta_ArgumentsJson:
		return &ringmainv1.Part{Content: &ringmainv1.Part_ToolCall{ToolCall: &ringmainv1.ToolCall{}}}
	case *ringmainv1.PartDelta_Data:
		return &ringmainv1.Part{Content: &ringmainv1.Part_Media{Media: &ringmainv1.Media{}}}
	}
	return &ringmainv1.Part{}
}

// append takes a delta. What does not fit the part's kind, or is newer than this client, is skipped.
func (g *growing) append(delta *ringmainv1.PartDelta) {
	part := g.part
	switch delta := delta.GetDelta().(type) {
	case *ringmainv1.PartDelta_Text:
		if _, fits := part.GetContent().(*ringmainv1.Part_Text); fits {
			g.body = append(g.body, delta.Text...)
		}
	case *ringmainv1.PartDelta_ReasoningText:
		if part.GetReasoning() != nil {
			g.body = append(g.body, delta.ReasoningText...)
		}
	case *ringmainv1.PartDelta_ArgumentsJson:
		if part.GetToolCall() != nil || part.GetProviderToolCall() != nil {
			g.body = append(g.body, delta.ArgumentsJson...)
		}
	case *ringmainv1.PartDelta_Data:
		if part.GetMedia() != nil {
			g.body = append(g.body, delta.Data...)
		}
	case *ringmainv1.PartDelta_Signature:
		g.signature = append(g.signature, delta.Signature...)
	case *ringmainv1.PartDelta_Citation:
		part.Citations = append(part.Citations, delta.Citation)
	case *ringmainv1.PartDelta_Result:
		if call := part.GetProviderToolCall(); call != nil {
			call.Results = append(call.Results, delta.Result)
		}
	case *ringmainv1.PartDelta_Failed:
		if call := part.GetProviderToolCall(); call != nil {
			call.Failed = delta.Failed
		}
	}
	part.Logprobs = append(part.Logprobs, delta.GetLogprobs()...)
	if provider := delta.GetProviderId(); provider != "" {
		part.ProviderId = provider
	}
}

// whole returns the part so far.
func (g *growing) whole() *ringmainv1.Part {
	part := proto.Clone(g.part).(*ringmainv1.Part)
	switch content := part.GetContent().(type) {
	case *ringmainv1.Part_Text:
		content.Text += string(g.body)
	case *ringmainv1.Part_Reasoning:
		content.Reasoning.Text += string(g.body)
	case *ringmainv1.Part_ToolCall:
		content.ToolCall.ArgumentsJson += string(g.body)
	case *ringmainv1.Part_ProviderToolCall:
		content.ProviderToolCall.ArgumentsJson += string(g.body)
	case *ringmainv1.Part_Media:
		if len(g.body) > 0 {
			data := append(content.Media.GetData(), g.body...)
			content.Media.Source = &ringmainv1.Media_Data{Data: data}
		}
	}
	part.Signature = append(part.Signature, g.signature...)
	return part
}
