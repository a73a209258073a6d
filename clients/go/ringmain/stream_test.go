package ringmain_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ringmain/ringmain/clients/go/internal/fake"
	"github.com/ringmain/ringmain/clients/go/ringmain"
	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

type chatStream = grpc.ServerStreamingServer[ringmainv1.ChatEvent]

func streams(events ...*ringmainv1.ChatEvent) *fake.Gateway {
	return &fake.Gateway{OnStream: func(_ *ringmainv1.ChatRequest, s chatStream) error {
		return fake.Send(s, events...)
	}}
}

func TestAStreamIsReadAsItIsWritten(t *testing.T) {
	client := dial(t, streams(fake.Text("Grü", "ezi ", "🙂")...))
	stream := client.Stream(t.Context(), ringmain.Ask("a"))
	if _, err := stream.Answer(); err == nil {
		t.Error("an answer before its end")
	}
	var pieces []string
	for delta, err := range stream.Deltas() {
		if err != nil {
			t.Fatal(err)
		}
		pieces = append(pieces, delta.Text)
	}
	if got := strings.Join(pieces, "|"); got != "Grü|ezi |🙂" {
		t.Error(got)
	}
	answer, err := stream.Answer()
	if err != nil || answer.Text() != "Grüezi 🙂" || answer.Stopped() != "stop" {
		t.Error(answer, err)
	}
	if usd, known := answer.CostUSD(); !known || usd != 0.0015 {
		t.Error(usd, known)
	}
	if answer.Provider() != "fake" || answer.ProviderModel() != "model-1" || answer.GetResponseId() != "r-1" {
		t.Error(answer)
	}
}

func TestTextReadsAStreamToItsEnd(t *testing.T) {
	client := dial(t, streams(fake.Text("a", "b")...))
	if text, err := client.Stream(t.Context(), ringmain.Ask("?")).Text(); err != nil || text != "ab" {
		t.Error(text, err)
	}
	_, err := dial(t, &fake.Gateway{}).Stream(t.Context(), ringmain.Ask("?")).Text()
	if !errors.Is(err, ringmain.ErrCapabilityMissing) {
		t.Error(err)
	}
}

func TestARestartDiscardsWhatCameBefore(t *testing.T) {
	recovered := &ringmainv1.ChatEvent{Event: &ringmainv1.ChatEvent_Recovered{Recovered: &ringmainv1.ChatRecovered{
		ContentDiscarded: true, ProviderId: "second",
	}}}
	before := fake.Text("gone")
	events := append(before[:len(before)-1], recovered)
	events = append(events, fake.Text("kept")[1:]...)
	stream := dial(t, streams(events...)).Stream(t.Context(), ringmain.Ask("?"))
	discarded := 0
	for delta, err := range stream.Deltas() {
		if err != nil {
			t.Fatal(err)
		}
		if delta.Discarded {
			discarded++
			if got := stream.Partial(); got.Text() != "" || got.Provider() != "second" {
				t.Error(got)
			}
		}
	}
	if got := stream.Partial().Text(); got != "kept" || discarded != 1 {
		t.Error(got, discarded)
	}
}

func TestLeavingTheLoopCancelsTheCall(t *testing.T) {
	cancelled := make(chan struct{})
	client := dial(t, &fake.Gateway{OnStream: func(_ *ringmainv1.ChatRequest, s chatStream) error {
		_ = fake.Send(s, fake.Text("one")[:3]...)
		<-s.Context().Done()
		close(cancelled)
		return s.Context().Err()
	}})
	for delta, err := range client.Stream(t.Context(), ringmain.Ask("?")).Deltas() {
		if err != nil || delta.Text != "one" {
			t.Error(delta, err)
		}
		break
	}
	select {
	case <-cancelled:
	case <-time.After(5 * time.Second):
		t.Error("the gateway never saw the cancellation")
	}
}

func TestCancellingTheContextEndsTheLoop(t *testing.T) {
	client := dial(t, &fake.Gateway{OnStream: func(_ *ringmainv1.ChatRequest, s chatStream) error {
		_ = fake.Send(s, fake.Text("one")[:3]...)
		<-s.Context().Done()
		return s.Context().Err()
	}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream := client.Stream(ctx, ringmain.Ask("?"))
	var last error
	for _, err := range stream.Deltas() {
		cancel()
		last = err
	}
	if !errors.Is(last, ringmain.ErrCancelled) || !errors.Is(last, context.Canceled) || stream.Partial().Text() != "one" {
		t.Error(last)
	}
}

func TestABrokenStreamKeepsWhatCame(t *testing.T) {
	client := dial(t, &fake.Gateway{OnStream: func(_ *ringmainv1.ChatRequest, s chatStream) error {
		_ = fake.Send(s, fake.Text("half")[:3]...)
		return status.Error(codes.Aborted, "broke")
	}})
	stream := client.Stream(t.Context(), ringmain.Ask("?"))
	_, err := stream.Text()
	if !errors.Is(err, ringmain.ErrStreamInterrupted) || stream.Partial().Text() != "half" {
		t.Error(err)
	}
}

func TestAStreamWithoutItsLastEventIsBroken(t *testing.T) {
	events := fake.Text("half")
	stream := dial(t, streams(events[:len(events)-1]...)).Stream(t.Context(), ringmain.Ask("?"))
	if _, err := stream.Text(); !errors.Is(err, ringmain.ErrStreamInterrupted) {
		t.Error(err)
	}
}

func TestAStreamIsRepeatedBeforeItsFirstEvent(t *testing.T) {
	calls := 0
	client := dial(t, &fake.Gateway{OnStream: func(_ *ringmainv1.ChatRequest, s chatStream) error {
		if calls++; calls == 1 {
			return status.Error(codes.Unavailable, "not yet")
		}
		return fake.Send(s, fake.Text("served")...)
	}})
	if text, err := client.Stream(t.Context(), ringmain.Ask("?")).Text(); err != nil || text != "served" {
		t.Error(text, err)
	}
}

func TestAQuestionAboutImagesStreams(t *testing.T) {
	client := dial(t, &fake.Gateway{OnStreamAnalyze: func(r *ringmainv1.AnalyzeImagesRequest, s chatStream) error {
		return fake.Send(s, fake.Text(r.GetModel())...)
	}}, ringmain.WithModel("vision"))
	text, err := client.StreamAnalyzeImages(t.Context(), &ringmainv1.AnalyzeImagesRequest{Prompt: "?"}).Text()
	if err != nil || text != "vision" {
		t.Error(text, err)
	}
}
