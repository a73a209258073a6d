// Command round-robin calls a gateway without a pause, over every address of a
// name in turn, until its standard input ends. It then writes how many calls
// each address answered, and what failed, as JSON.
package main

import (
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/health" // round_robin leaves out an address that is not ready
	"google.golang.org/grpc/peer"
)

//go:embed service_config.json
var serviceConfig string

const deadline = 20 * time.Second

// raw passes messages on as they are, so that no stubs are needed.
type raw struct{}

func (raw) Name() string { return "proto" }

func (raw) Marshal(message any) ([]byte, error) { return *message.(*[]byte), nil }

func (raw) Unmarshal(data []byte, message any) error {
	*message.(*[]byte) = append([]byte(nil), data...)
	return nil
}

type report struct {
	Peers    map[string]int `json:"peers"`
	Failures []string       `json:"failures"`
	mutex    sync.Mutex
}

func (r *report) add(from string, err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if err != nil {
		r.Failures = append(r.Failures, err.Error())
		return
	}
	r.Peers[from]++
}

func whole(ctx context.Context, connection *grpc.ClientConn, request []byte) (string, error) {
	var answer []byte
	var from peer.Peer
	err := connection.Invoke(ctx, "/ringmain.v1.ChatService/Chat", &request, &answer, grpc.Peer(&from))
	return address(&from), err
}

func streamed(ctx context.Context, connection *grpc.ClientConn, request []byte) (string, error) {
	var from peer.Peer
	description := &grpc.StreamDesc{ServerStreams: true}
	stream, err := connection.NewStream(ctx, description, "/ringmain.v1.ChatService/StreamChat", grpc.Peer(&from))
	if err != nil {
		return "", err
	}
	if err := stream.SendMsg(&request); err != nil && err != io.EOF {
		return "", err
	}
	if err := stream.CloseSend(); err != nil {
		return "", err
	}
	for events := 0; ; events++ {
		var event []byte
		if err := stream.RecvMsg(&event); err == io.EOF && events > 1 {
			return address(&from), nil
		} else if err != nil {
			return "", fmt.Errorf("after %d events: %w", events, err)
		}
	}
}

func address(from *peer.Peer) string {
	if from.Addr == nil {
		return ""
	}
	return from.Addr.String()
}

func main() {
	target := flag.String("target", "", "where to call")
	encoded := flag.String("request", "", "a ChatRequest in base64")
	callers := flag.Int("callers", 1, "how many calls run at once")
	flag.Parse()
	request, err := base64.StdEncoding.DecodeString(*encoded)
	if err != nil {
		log.Fatal(err)
	}
	connection, err := grpc.NewClient(*target,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{})))
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()

	ended, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	found := &report{Peers: map[string]int{}, Failures: []string{}}
	var running sync.WaitGroup
	for number := range *callers {
		call := whole
		if number%2 == 1 {
			call = streamed
		}
		running.Add(1)
		go func() {
			defer running.Done()
			for ended.Err() == nil {
				ctx, cancel := context.WithTimeout(context.Background(), deadline)
				found.add(call(ctx, connection, request))
				cancel()
			}
		}()
	}
	running.Wait()
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		log.Fatal(err)
	}
}
