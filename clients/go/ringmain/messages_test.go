package ringmain_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/ringmain/ringmain/clients/go/internal/fake"
	"github.com/ringmain/ringmain/clients/go/ringmain"
	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

func TestMediaFromFilesAndBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "picture.png")
	if err := os.WriteFile(path, []byte("PNG"), 0o600); err != nil {
		t.Fatal(err)
	}
	image, err := ringmain.Image(path)
	if err != nil || string(image.GetData()) != "PNG" {
		t.Error(image, err)
	}
	document, err := ringmain.Document(path)
	if err != nil || document.GetFilename() != "picture.png" || document.GetMimeType() != "image/png" {
		t.Error(document, err)
	}
	if got := ringmain.ImageURI("https://example.com/a.png").GetUri(); got != "https://example.com/a.png" {
		t.Error(got)
	}
	image.MimeType = "image/jpeg"
	saved, err := ringmain.Save(image, filepath.Join(t.TempDir(), "out"))
	if err != nil || filepath.Base(saved) != "out.jpg" {
		t.Error(saved, err)
	}
	if data, err := os.ReadFile(saved); err != nil || string(data) != "PNG" {
		t.Error(data, err)
	}
}

func TestMediaThatCannotBeReadOrSaved(t *testing.T) {
	if _, err := ringmain.Image("no/such/file"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := ringmain.Document("no/such/file"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := ringmain.Save(ringmain.ImageURI("https://example.com"), "x.png"); err == nil {
		t.Error("no error")
	}
	if _, err := ringmain.Save(ringmain.ImageData(nil), "no/such/folder/x.png"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestToolResults(t *testing.T) {
	call := &ringmainv1.ToolCall{ToolCallId: "c1"}
	for _, c := range []struct {
		value  any
		text   string
		failed bool
	}{
		{"as it is", "as it is", false},
		{map[string]float64{"celsius": 21.5}, `{"celsius":21.5}`, false},
		{errors.New("no such city"), "no such city", true},
		{math.NaN(), "json: unsupported value: NaN", true},
	} {
		got := ringmain.ToolResult(call, c.value).GetParts()[0].GetToolResult()
		if got.GetParts()[0].GetText() != c.text || got.GetFailed() != c.failed || got.GetToolCallId() != "c1" {
			t.Error(got)
		}
	}
}

func TestTools(t *testing.T) {
	function := ringmain.Tool("t", "does", "{}").GetFunction()
	if function.GetName() != "t" || function.GetParametersSchemaJson() != "{}" || function.Strict != nil {
		t.Error(function)
	}
	if !ringmain.StrictTool("t", "does", "{}").GetFunction().GetStrict() {
		t.Error("not strict")
	}
	if got := ringmain.WebSearch("example.com").GetWebSearch().GetAllowedDomains(); len(got) != 1 {
		t.Error(got)
	}
	if ringmain.CodeExecution().GetCodeExecution() == nil {
		t.Error("no code execution")
	}
}

func TestSourcesAreToldOnce(t *testing.T) {
	text := func(citations ...*ringmainv1.Citation) *ringmainv1.Part {
		return &ringmainv1.Part{Content: &ringmainv1.Part_Text{Text: "t"}, Citations: citations}
	}
	message := &ringmainv1.Message{Parts: []*ringmainv1.Part{
		text(&ringmainv1.Citation{Uri: "https://b.example", Title: "B"}, &ringmainv1.Citation{Filename: "a.pdf", PageNumber: 2}),
		text(&ringmainv1.Citation{Uri: "https://a.example"}, &ringmainv1.Citation{Uri: "https://b.example", Title: "again"}),
		text(&ringmainv1.Citation{Filename: "a.pdf", PageNumber: 2}, &ringmainv1.Citation{Filename: "a.pdf", PageNumber: 3}),
	}}
	var got []string
	for _, source := range (ringmain.Answer{ChatResponse: &ringmainv1.ChatResponse{Message: message}}).Sources() {
		got = append(got, fmt.Sprint(source.GetUri(), source.GetTitle(), source.GetFilename(), source.GetPageNumber()))
	}
	want := []string{"https://b.exampleB0", "a.pdf2", "https://a.example0", "a.pdf3"}
	if !slices.Equal(got, want) {
		t.Error(got)
	}
}

func TestATurnMustContinueWithToolResultsOrAfterAPause(t *testing.T) {
	for reason, continues := range map[ringmainv1.FinishReason]bool{
		ringmainv1.FinishReason_FINISH_REASON_TOOL_CALLS: true,
		ringmainv1.FinishReason_FINISH_REASON_PAUSED:     true,
		ringmainv1.FinishReason_FINISH_REASON_STOP:       false,
		99: false,
	} {
		if got := (ringmain.Answer{ChatResponse: &ringmainv1.ChatResponse{FinishReason: reason}}); got.MustContinue() != continues {
			t.Error(reason)
		}
	}
}

func TestReadingsOfAnAnswer(t *testing.T) {
	answer := ringmain.Answer{ChatResponse: &ringmainv1.ChatResponse{Message: ringmain.Assistant(`{"name":"Bern"}`)}}
	var city struct{ Name string }
	if err := answer.Decode(&city); err != nil || city.Name != "Bern" {
		t.Error(city, err)
	}
	if _, known := answer.CostUSD(); known || answer.Stopped() != "" {
		t.Error(answer)
	}
	answer.FinishReason = 99
	if answer.Stopped() != "" {
		t.Error(answer.Stopped())
	}
}

func TestAPausedTurnGoesOnWhenItsMessageIsSentBack(t *testing.T) {
	paused := message()
	client := dial(t, &fake.Gateway{OnChat: func(_ context.Context, r *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error) {
		if len(r.GetMessages()) == 1 {
			return &ringmainv1.ChatResponse{Message: paused, FinishReason: ringmainv1.FinishReason_FINISH_REASON_PAUSED}, nil
		}
		if last := r.GetMessages()[1]; len(r.GetMessages()) != 2 || !proto.Equal(last, paused) {
			t.Errorf("%v is not %v", last, paused)
		}
		return &ringmainv1.ChatResponse{Message: ringmain.Assistant("done")}, nil
	}})
	request := ringmain.Ask("?")
	answer, err := client.Chat(t.Context(), request)
	for err == nil && answer.MustContinue() {
		request.Messages = append(request.Messages, answer.GetMessage())
		answer, err = client.Chat(t.Context(), request)
	}
	if err != nil || answer.Text() != "done" {
		t.Error(answer, err)
	}
}

func imageEvent(chunk *ringmainv1.ImageChunk) *ringmainv1.ImageEvent {
	return &ringmainv1.ImageEvent{Event: &ringmainv1.ImageEvent_Chunk{Chunk: chunk}}
}

func TestStreamedImagesAreJoined(t *testing.T) {
	finished := &ringmainv1.ImageEvent{Event: &ringmainv1.ImageEvent_Finished{Finished: &ringmainv1.ImageFinished{
		Images: []*ringmainv1.FinishedImage{{RevisedPrompt: "a cat"}, {ImageIndex: 1, Note: "smaller"}},
	}}}
	client := dial(t, &fake.Gateway{OnStreamImages: func(_ *ringmainv1.StreamImagesRequest, s grpc.ServerStreamingServer[ringmainv1.ImageEvent]) error {
		return fake.Send(s,
			imageEvent(&ringmainv1.ImageChunk{ImageIndex: 1, MimeType: "image/png", Data: []byte("b")}),
			imageEvent(&ringmainv1.ImageChunk{MimeType: "image/jpeg", Data: []byte("a1")}),
			imageEvent(&ringmainv1.ImageChunk{Data: []byte("a2"), Last: true}),
			finished,
		)
	}})
	stream := client.StreamImages(t.Context(), &ringmainv1.StreamImagesRequest{})
	if _, err := stream.Finished(); err == nil {
		t.Error("finished before its end")
	}
	images, err := stream.Images()
	if err != nil || len(images) != 2 || string(images[0].GetMedia().GetData()) != "a1a2" ||
		images[0].GetRevisedPrompt() != "a cat" || images[1].GetMedia().GetMimeType() != "image/png" ||
		images[1].GetNote() != "smaller" {
		t.Error(images, err)
	}
	if end, err := stream.Finished(); err != nil || len(end.GetImages()) != 2 {
		t.Error(end, err)
	}
	for range client.StreamImages(t.Context(), &ringmainv1.StreamImagesRequest{}).Events() {
		break
	}
}

func TestStreamedImagesThatBreak(t *testing.T) {
	var end error
	client := dial(t, &fake.Gateway{OnStreamImages: func(*ringmainv1.StreamImagesRequest, grpc.ServerStreamingServer[ringmainv1.ImageEvent]) error {
		return end
	}})
	if _, err := client.StreamImages(t.Context(), &ringmainv1.StreamImagesRequest{}).Images(); !errors.Is(err, ringmain.ErrStreamInterrupted) {
		t.Error(err)
	}
	end = status.Error(codes.Internal, "broke")
	if _, err := client.StreamImages(t.Context(), &ringmainv1.StreamImagesRequest{}).Images(); !errors.Is(err, ringmain.ErrInternal) {
		t.Error(err)
	}
}

func TestWholeImagesMayBeLarge(t *testing.T) {
	picture := bytes.Repeat([]byte{1}, 10<<20)
	client := dial(t, &fake.Gateway{OnGenerate: func(r *ringmainv1.GenerateImagesRequest) (*ringmainv1.GenerateImagesResponse, error) {
		media := ringmain.ImageData(picture)
		media.MimeType = "image/png"
		return &ringmainv1.GenerateImagesResponse{ResponseId: r.GetModel(), Images: []*ringmainv1.GeneratedImage{{Media: media}}}, nil
	}}, ringmain.WithModel("painter"))
	response, err := client.GenerateImages(t.Context(), &ringmainv1.GenerateImagesRequest{Prompt: "a cat"})
	if err != nil || response.GetResponseId() != "painter" || len(response.GetImages()[0].GetMedia().GetData()) != 10<<20 {
		t.Error(err)
	}
}
