package ringmain_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/ringmain/ringmain/clients/go/internal/fake"
	"github.com/ringmain/ringmain/clients/go/ringmain"
	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

func started(index int32, part *ringmainv1.Part) *ringmainv1.ChatEvent {
	return &ringmainv1.ChatEvent{Event: &ringmainv1.ChatEvent_PartStarted{
		PartStarted: &ringmainv1.PartStarted{Index: index, Part: part},
	}}
}

func text(text string) *ringmainv1.Part {
	return &ringmainv1.Part{Content: &ringmainv1.Part_Text{Text: text}}
}

func reasoning(text string) *ringmainv1.Part {
	return &ringmainv1.Part{Content: &ringmainv1.Part_Reasoning{Reasoning: &ringmainv1.Reasoning{Text: text}}}
}

func toolCall(call *ringmainv1.ToolCall) *ringmainv1.Part {
	return &ringmainv1.Part{Content: &ringmainv1.Part_ToolCall{ToolCall: call}}
}

func providerToolCall(call *ringmainv1.ProviderToolCall) *ringmainv1.Part {
	return &ringmainv1.Part{Content: &ringmainv1.Part_ProviderToolCall{ProviderToolCall: call}}
}

func media(data string) *ringmainv1.Part {
	inline := &ringmainv1.Media{MimeType: "audio/pcm", Source: &ringmainv1.Media_Data{Data: []byte(data)}}
	return &ringmainv1.Part{Content: &ringmainv1.Part_Media{Media: inline}}
}

// message is a turn with every kind of part, and everything that a part can hold.
func message() *ringmainv1.Message {
	hit := text("")
	hit.Citations = []*ringmainv1.Citation{{Uri: "https://example.com/grid", Title: "Grid"}}
	search := providerToolCall(&ringmainv1.ProviderToolCall{
		ToolCallId: "s1", Name: "web_search", ArgumentsJson: `{"query":"Ringleitung 🙂"}`,
		Results: []*ringmainv1.Part{hit, text("two")}, Failed: true,
	})
	search.Signature, search.ProviderId = []byte{0, 255}, "p"
	thought := reasoning("hm, let me see")
	thought.Signature, thought.ProviderId = []byte("signed"), "p"
	cited := text("Grüezi, a ring main is a loop.")
	cited.Citations = []*ringmainv1.Citation{{Uri: "https://example.com", EndIndex: 6}, {Filename: "a.pdf", PageNumber: 3}}
	cited.Logprobs = []*ringmainv1.TokenLogprobs{
		{Token: "Grüezi", Logprob: -0.5, Top: []*ringmainv1.TokenLogprob{{Token: "Hallo", Logprob: -1}}},
		{Token: ",", Logprob: -0.25},
	}
	cited.Signature, cited.ProviderId = []byte("text"), "p"
	call := toolCall(&ringmainv1.ToolCall{ToolCallId: "c1", Name: "weather", ArgumentsJson: `{"city":"Bern"}`})
	call.Signature, call.ProviderId = []byte("call"), "p"
	return &ringmainv1.Message{Role: ringmainv1.Role_ROLE_ASSISTANT, Parts: []*ringmainv1.Part{
		thought, search, cited, call, media("sound"), text(""),
	}}
}

// events returns what a stream sends of each part: its opening, and deltas that are cut at random.
func events(part *ringmainv1.Part) (opening *ringmainv1.Part, deltas []*ringmainv1.PartDelta) {
	opening = proto.Clone(part).(*ringmainv1.Part)
	opening.Citations, opening.Logprobs, opening.Signature, opening.ProviderId = nil, nil, nil, ""
	switch content := opening.GetContent().(type) {
	case *ringmainv1.Part_Text:
		for _, piece := range cut(content.Text) {
			deltas = append(deltas, &ringmainv1.PartDelta{Delta: &ringmainv1.PartDelta_Text{Text: piece}})
		}
		content.Text = ""
	case *ringmainv1.Part_Reasoning:
		for _, piece := range cut(content.Reasoning.Text) {
			deltas = append(deltas, &ringmainv1.PartDelta{Delta: &ringmainv1.PartDelta_ReasoningText{ReasoningText: piece}})
		}
		content.Reasoning.Text = ""
	case *ringmainv1.Part_ToolCall:
		deltas = arguments(content.ToolCall.ArgumentsJson)
		content.ToolCall.ArgumentsJson = ""
	case *ringmainv1.Part_ProviderToolCall:
		call := content.ProviderToolCall
		deltas = arguments(call.ArgumentsJson)
		for _, result := range call.Results {
			deltas = append(deltas, &ringmainv1.PartDelta{Delta: &ringmainv1.PartDelta_Result{Result: result}})
		}
		deltas = append(deltas, &ringmainv1.PartDelta{Delta: &ringmainv1.PartDelta_Failed{Failed: call.Failed}})
		call.ArgumentsJson, call.Results, call.Failed = "", nil, false
	case *ringmainv1.Part_Media:
		for _, piece := range cut(string(content.Media.GetData())) {
			deltas = append(deltas, &ringmainv1.PartDelta{Delta: &ringmainv1.PartDelta_Data{Data: []byte(piece)}})
		}
		content.Media.Source = nil
	}
	for _, citation := range part.GetCitations() {
		deltas = append(deltas, &ringmainv1.PartDelta{Delta: &ringmainv1.PartDelta_Citation{Citation: citation}})
	}
	for _, one := range part.GetLogprobs() {
		deltas = append(deltas, &ringmainv1.PartDelta{Logprobs: []*ringmainv1.TokenLogprobs{one}})
	}
	for i, piece := range cut(string(part.GetSignature())) {
		signed := &ringmainv1.PartDelta{Delta: &ringmainv1.PartDelta_Signature{Signature: []byte(piece)}}
		if i == 0 {
			signed.ProviderId = part.GetProviderId()
		}
		deltas = append(deltas, signed)
	}
	return opening, deltas
}

func arguments(json string) (deltas []*ringmainv1.PartDelta) {
	for _, piece := range cut(json) {
		deltas = append(deltas, &ringmainv1.PartDelta{Delta: &ringmainv1.PartDelta_ArgumentsJson{ArgumentsJson: piece}})
	}
	return deltas
}

// cut cuts a text between characters at random.
func cut(whole string) (pieces []string) {
	for whole != "" {
		length := 0
		for at := range whole {
			if length = at; at > 0 && rand.IntN(3) == 0 {
				break
			}
		}
		if length == 0 || rand.IntN(4) == 0 {
			length = len(whole)
		}
		pieces, whole = append(pieces, whole[:length]), whole[length:]
	}
	return pieces
}

// interleaved returns the events of a turn, whose parts grow in turns.
func interleaved(message *ringmainv1.Message) []*ringmainv1.ChatEvent {
	sent := []*ringmainv1.ChatEvent{fake.Text()[0]}
	queues := map[int32][]*ringmainv1.PartDelta{}
	for i, part := range message.GetParts() {
		opening, deltas := events(part)
		sent = append(sent, started(int32(i), opening))
		if len(deltas) > 0 {
			queues[int32(i)] = deltas
		}
	}
	for len(queues) > 0 {
		for index, queue := range queues { // Go's order of maps is random.
			queue[0].Index = index
			sent = append(sent, fake.Delta(queue[0]))
			if queues[index] = queue[1:]; len(queue) == 1 {
				delete(queues, index)
			}
		}
	}
	return append(sent, fake.Finished())
}

func TestFoldingGivesWhatChatWouldHaveReturned(t *testing.T) {
	want := message()
	var sent []*ringmainv1.ChatEvent
	client := dial(t, &fake.Gateway{OnStream: func(_ *ringmainv1.ChatRequest, s chatStream) error {
		return fake.Send(s, sent...)
	}})
	for range 50 {
		sent = interleaved(want)
		stream := client.Stream(t.Context(), ringmain.Ask("?"))
		if _, err := stream.Text(); err != nil {
			t.Fatal(err)
		}
		if got := stream.Partial().GetMessage(); !proto.Equal(got, want) {
			t.Fatalf("%v\nis not\n%v\nafter\n%v", got, want, sent)
		}
	}
}

func TestAnAnswerTellsWhatIsInIt(t *testing.T) {
	answer := ringmain.Answer{ChatResponse: &ringmainv1.ChatResponse{Message: message()}}
	if calls := answer.ToolCalls(); len(calls) != 1 || calls[0].GetName() != "weather" {
		t.Error(calls)
	}
	if calls := answer.ProviderToolCalls(); len(calls) != 1 || calls[0].GetName() != "web_search" {
		t.Error(calls)
	}
	if media := answer.Media(); len(media) != 1 || string(media[0].GetData()) != "sound" {
		t.Error(media)
	}
	if tokens := answer.Logprobs(); len(tokens) != 2 || tokens[1].GetToken() != "," {
		t.Error(tokens)
	}
	if answer.Text() != "Grüezi, a ring main is a loop." || answer.Reasoning() != "hm, let me see" {
		t.Error(answer)
	}
}

func TestDeltasShowWhatAReaderSees(t *testing.T) {
	arguments := func(index int32, piece string) *ringmainv1.ChatEvent {
		return fake.Delta(&ringmainv1.PartDelta{Index: index, Delta: &ringmainv1.PartDelta_ArgumentsJson{ArgumentsJson: piece}})
	}
	hit := &ringmainv1.PartDelta{Index: 1, Delta: &ringmainv1.PartDelta_Result{Result: text("hit")}}
	failed := &ringmainv1.PartDelta{Index: 1, Delta: &ringmainv1.PartDelta_Failed{Failed: true}}
	cited := &ringmainv1.PartDelta{Index: 3, Delta: &ringmainv1.PartDelta_Citation{Citation: &ringmainv1.Citation{Uri: "u"}}}
	sound := &ringmainv1.PartDelta{Index: 2, Delta: &ringmainv1.PartDelta_Data{Data: []byte("so")}}
	client := dial(t, streams(
		started(0, toolCall(&ringmainv1.ToolCall{ToolCallId: "c1", Name: "weather"})),
		started(1, providerToolCall(&ringmainv1.ProviderToolCall{ToolCallId: "s1", Name: "web_search"})),
		started(2, media("")),
		arguments(1, "{"), arguments(0, `{"city"`), arguments(0, `:"Bern"}`), fake.Delta(hit), fake.Delta(failed),
		fake.Delta(sound), fake.Delta(cited),
		fake.Delta(&ringmainv1.PartDelta{Index: 3, Delta: &ringmainv1.PartDelta_ReasoningText{ReasoningText: "hm"}}),
		fake.Delta(&ringmainv1.PartDelta{Index: 3, Delta: &ringmainv1.PartDelta_Signature{Signature: []byte("s")}}),
		fake.Finished(),
	))
	var got []string
	for d, err := range client.Stream(t.Context(), ringmain.Ask("?")).Deltas() {
		if err != nil {
			t.Fatal(err)
		}
		search := d.ProviderToolCall
		got = append(got, strings.TrimSpace(fmt.Sprintln(
			d.Text+d.Reasoning+d.ToolCallID+d.ToolName+d.ArgumentsJSON,
			search.GetToolCallId()+search.GetName()+search.GetArgumentsJson(), len(search.GetResults()), search.GetFailed(),
			d.Citation.GetUri()+d.Media.GetMimeType()+string(d.Media.GetData()),
		)))
	}
	want := []string{
		"c1weather  0 false", "s1web_search 0 false", "0 false audio/pcm", "s1web_search{ 0 false",
		`c1weather{"city"  0 false`, `c1weather:"Bern"}  0 false`, "s1web_search 1 false", "s1web_search 0 true",
		"0 false audio/pcmso", "0 false u", "hm  0 false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestWhatDoesNotFitAPartIsSkipped(t *testing.T) {
	every := []*ringmainv1.PartDelta{
		{Delta: &ringmainv1.PartDelta_Text{Text: "t"}},
		{Delta: &ringmainv1.PartDelta_ReasoningText{ReasoningText: "r"}},
		{Delta: &ringmainv1.PartDelta_ArgumentsJson{ArgumentsJson: "a"}},
		{Delta: &ringmainv1.PartDelta_Data{Data: []byte("d")}},
		{Delta: &ringmainv1.PartDelta_Result{Result: text("s")}},
		{Delta: &ringmainv1.PartDelta_Failed{Failed: true}},
		{},
	}
	openings := []*ringmainv1.Part{
		text(""), reasoning(""), toolCall(&ringmainv1.ToolCall{}), media(""), providerToolCall(&ringmainv1.ProviderToolCall{}), {},
	}
	want := []*ringmainv1.Part{
		text("t"), reasoning("r"), toolCall(&ringmainv1.ToolCall{ArgumentsJson: "a"}), media("d"),
		providerToolCall(&ringmainv1.ProviderToolCall{ArgumentsJson: "a", Results: []*ringmainv1.Part{text("s")}, Failed: true}), {},
	}
	var sent []*ringmainv1.ChatEvent
	for i, opening := range openings {
		sent = append(sent, started(int32(i), opening))
		for _, delta := range every {
			delta := proto.Clone(delta).(*ringmainv1.PartDelta)
			delta.Index = int32(i)
			sent = append(sent, fake.Delta(delta))
		}
	}
	// A part whose opening was not seen is of the kind of its first delta.
	for i, delta := range every {
		delta.Index = int32(len(openings) + i)
		sent = append(sent, fake.Delta(delta))
	}
	unopened := media("d")
	unopened.GetMedia().MimeType = ""
	want = append(want, text("t"), reasoning("r"), toolCall(&ringmainv1.ToolCall{ArgumentsJson: "a"}), unopened,
		&ringmainv1.Part{}, &ringmainv1.Part{}, &ringmainv1.Part{})
	stream := dial(t, streams(append(sent, fake.Finished())...)).Stream(t.Context(), ringmain.Ask("?"))
	if _, err := stream.Text(); err != nil {
		t.Fatal(err)
	}
	for i, got := range stream.Partial().GetMessage().GetParts() {
		if !proto.Equal(got, want[i]) {
			t.Errorf("part %d: %v is not %v", i, got, want[i])
		}
	}
}

func TestALongAnswerFoldsInLinearTime(t *testing.T) {
	const pieces, length = 40_000, 100 // Copying the text each time would move 80 GB.
	client := dial(t, &fake.Gateway{OnStream: func(_ *ringmainv1.ChatRequest, s chatStream) error {
		opening := fake.Text()
		piece := fake.Delta(&ringmainv1.PartDelta{Delta: &ringmainv1.PartDelta_Text{Text: strings.Repeat("x", length)}})
		_ = fake.Send(s, opening[:2]...)
		for range pieces {
			_ = s.Send(piece)
		}
		return s.Send(fake.Finished())
	}}, ringmain.WithTimeout(time.Minute))
	if text, err := client.Stream(t.Context(), ringmain.Ask("?")).Text(); err != nil || len(text) != pieces*length {
		t.Error(err, len(text))
	}
}
