// Command conformance is the driver of tests/conformance for Go: it carries out the cases that standard input
// names, through the client, and tells on standard output what came. tests/conformance/README.md has the format.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"sync"

	"github.com/ringmain/ringmain/clients/go/ringmain"
)

const longestLine = 256 << 20

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run carries out each line of in, several at once, and returns when all are answered.
func run(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, longestLine)
	answers := &writer{encoder: json.NewEncoder(out)}
	clients := &pool{clients: map[key]*ringmain.Client{}}
	defer clients.close()
	var underWay sync.WaitGroup
	defer underWay.Wait()
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return fmt.Errorf("not a case: %w", err)
		}
		client, err := clients.get(key{asked.Target, asked.Token, asked.MaxBytes})
		if err != nil {
			return err
		}
		underWay.Go(func() { answers.write(carryOut(client, &asked)) })
	}
	return lines.Err()
}

type writer struct {
	mutex   sync.Mutex
	encoder *json.Encoder
}

func (w *writer) write(answered *answer) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if err := w.encoder.Encode(answered); err != nil {
		log.Fatal(err)
	}
}

// key is what a client is made with.
type key struct {
	target, token string
	maxBytes      int
}

// pool keeps one client for each key.
type pool struct {
	clients map[key]*ringmain.Client
}

func (p *pool) get(key key) (*ringmain.Client, error) {
	if client := p.clients[key]; client != nil {
		return client, nil
	}
	var options []ringmain.Option
	if key.token != "" {
		options = append(options, ringmain.WithToken(key.token))
	}
	if key.maxBytes != 0 {
		options = append(options, ringmain.WithMaxMessageBytes(key.maxBytes))
	}
	client, err := ringmain.New(key.target, options...)
	if err == nil {
		p.clients[key] = client
	}
	return client, err
}

func (p *pool) close() {
	for _, client := range p.clients {
		if err := client.Close(); err != nil {
			log.Print(err)
		}
	}
}
