package main

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ringmain/ringmain/clients/go/internal/fake"
	"github.com/ringmain/ringmain/clients/go/ringmain"
	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

func gateway(t *testing.T) *fake.Gateway {
	return &fake.Gateway{
		OnStream: func(_ *ringmainv1.ChatRequest, s grpc.ServerStreamingServer[ringmainv1.ChatEvent]) error {
			return fake.Send(s, fake.Text("A ring ", "main.")...)
		},
		OnChat: func(_ context.Context, r *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error) {
			sent := r.GetMessages()[0].GetParts()[1].GetMedia().GetData()
			if _, err := png.Decode(bytes.NewReader(sent)); err != nil {
				t.Error(err)
			}
			return &ringmainv1.ChatResponse{Message: ringmain.Assistant("A red square.")}, nil
		},
		OnGenerate: func(r *ringmainv1.GenerateImagesRequest) (*ringmainv1.GenerateImagesResponse, error) {
			media := ringmain.ImageData([]byte(r.GetModel()))
			media.MimeType = "image/png"
			return &ringmainv1.GenerateImagesResponse{Images: []*ringmainv1.GeneratedImage{{Media: media}}}, nil
		},
	}
}

func walk(t *testing.T, g *fake.Gateway, path string) (string, error) {
	t.Helper()
	client, err := ringmain.New(fake.Start(t, g))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = tour(t.Context(), client, path, &out)
	return out.String(), err
}

func TestTheTourStreamsLooksAndSaves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "picture")
	out, err := walk(t, gateway(t), path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"A ring main.\n5 tokens by fake", "A red square.", "saved " + path + ".png"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q lacks %q", out, want)
		}
	}
	if data, err := os.ReadFile(path + ".png"); err != nil || string(data) != "sandbox/image" {
		t.Error(data, err)
	}
}

func TestTheTourStopsAtAnError(t *testing.T) {
	broken := status.Error(codes.Internal, "broke")
	for _, breaks := range []func(*fake.Gateway){
		func(g *fake.Gateway) {
			g.OnStream = func(*ringmainv1.ChatRequest, grpc.ServerStreamingServer[ringmainv1.ChatEvent]) error {
				return broken
			}
		},
		func(g *fake.Gateway) {
			g.OnChat = func(context.Context, *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error) { return nil, broken }
		},
		func(g *fake.Gateway) { g.OnGenerate = nil },
	} {
		g := gateway(t)
		breaks(g)
		if _, err := walk(t, g, filepath.Join(t.TempDir(), "x")); err == nil {
			t.Error("no error")
		}
	}
	if _, err := walk(t, gateway(t), "no/such/folder/x"); err == nil {
		t.Error("no error")
	}
}
