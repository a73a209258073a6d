// Command tour streams an answer, asks about an image and saves a picture.
//
//	go run ./examples/tour picture.png
package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log"
	"os"
	"time"

	"github.com/ringmain/ringmain/clients/go/ringmain"
	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

func main() {
	path := "picture.png"
	if len(os.Args) > 1 {
		path = os.Args[1]
	}
	// The address is RINGMAIN_TARGET's, or 127.0.0.1:50051; a gateway that is starting is waited for.
	client, err := ringmain.New("", ringmain.WithTimeout(5*time.Minute), ringmain.WithWaitForReady())
	if err != nil {
		log.Fatal(err)
	}
	if err := tour(context.Background(), client, path, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func tour(ctx context.Context, client *ringmain.Client, path string, out io.Writer) error {
	defer client.Close()
	if err := chat(ctx, client, out); err != nil {
		return err
	}
	if err := look(ctx, client, out); err != nil {
		return err
	}
	return draw(ctx, client, path, out)
}

// chat prints an answer as it is written.
func chat(ctx context.Context, client *ringmain.Client, out io.Writer) error {
	request := ringmain.Ask("What is a ring main?")
	request.Model = "sandbox/chat"
	stream := client.Stream(ctx, request)
	for delta, err := range stream.Deltas() {
		if err != nil {
			return err
		}
		fmt.Fprint(out, delta.Text)
	}
	answer, err := stream.Answer()
	fmt.Fprintf(out, "\n%d tokens by %s\n", answer.GetUsage().GetOutputTokenCount(), answer.Provider())
	return err
}

// look asks about an image.
func look(ctx context.Context, client *ringmain.Client, out io.Writer) error {
	picture, err := square()
	if err != nil {
		return err
	}
	request := ringmain.Ask("What is on this picture?", ringmain.ImageData(picture))
	request.Model = "sandbox/chat"
	answer, err := client.Chat(ctx, request)
	fmt.Fprintln(out, answer.Text())
	return err
}

// draw has a picture made and saves it.
func draw(ctx context.Context, client *ringmain.Client, path string, out io.Writer) error {
	response, err := client.GenerateImages(ctx, &ringmainv1.GenerateImagesRequest{
		Model: "sandbox/image", Prompt: "A ring main at night",
	})
	if err != nil {
		return err
	}
	for _, picture := range response.GetImages() {
		saved, err := ringmain.Save(picture.GetMedia(), path)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, "saved", saved)
	}
	return nil
}

// square returns a red square as PNG.
func square() ([]byte, error) {
	picture := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range 64 * 64 {
		picture.Set(i%64, i/64, color.RGBA{R: 200, A: 255})
	}
	var encoded bytes.Buffer
	err := png.Encode(&encoded, picture)
	return encoded.Bytes(), err
}
