package ringmain_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"

	"github.com/ringmain/ringmain/clients/go/internal/fake"
	"github.com/ringmain/ringmain/clients/go/ringmain"
	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

// failing returns a script that is UNAVAILABLE so many times before it answers, and the count of its calls.
func failing(times int32) (*fake.Gateway, *atomic.Int32) {
	var calls atomic.Int32
	return &fake.Gateway{OnChat: func(ctx context.Context, r *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error) {
		if calls.Add(1) <= times {
			return nil, status.Error(codes.Unavailable, "not now")
		}
		return echo(ctx, r)
	}}, &calls
}

func TestUnavailableIsRepeated(t *testing.T) {
	gateway, calls := failing(2)
	client := dial(t, gateway)
	if _, err := client.Chat(t.Context(), ringmain.Ask("a")); err != nil || calls.Load() != 3 {
		t.Error(err, calls.Load())
	}
}

func TestARequestWithLargeMediaIsRepeatedToo(t *testing.T) {
	gateway, calls := failing(1)
	client := dial(t, gateway)
	picture := ringmain.ImageData(make([]byte, 6<<20))
	if _, err := client.Chat(t.Context(), ringmain.Ask("a", picture)); err != nil || calls.Load() != 2 {
		t.Error(err, calls.Load())
	}
}

func TestAttemptsAreBounded(t *testing.T) {
	for attempts := range 2 {
		gateway, calls := failing(9)
		client := dial(t, gateway, ringmain.WithMaxAttempts(attempts+1))
		_, err := client.Chat(t.Context(), ringmain.Ask("a"))
		if !errors.Is(err, ringmain.ErrUnavailable) || int(calls.Load()) != attempts+1 {
			t.Error(err, calls.Load())
		}
	}
}

func TestAServerCanPushBack(t *testing.T) {
	var calls atomic.Int32
	client := dial(t, &fake.Gateway{OnChat: func(ctx context.Context, _ *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error) {
		calls.Add(1)
		_ = grpc.SetTrailer(ctx, metadata.Pairs("grpc-retry-pushback-ms", "-1"))
		return nil, status.Error(codes.Unavailable, "stay away")
	}})
	_, err := client.Chat(t.Context(), ringmain.Ask("a"))
	if !errors.Is(err, ringmain.ErrUnavailable) || calls.Load() != 1 {
		t.Error(err, calls.Load())
	}
}

func TestTheClientsTimeoutIsForCallsWithoutDeadline(t *testing.T) {
	left := make(chan time.Duration, 2)
	client := dial(t, &fake.Gateway{OnChat: func(ctx context.Context, r *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error) {
		deadline, _ := ctx.Deadline()
		left <- time.Until(deadline)
		return echo(ctx, r)
	}}, ringmain.WithTimeout(time.Minute))
	if _, err := client.Chat(t.Context(), ringmain.Ask("a")); err != nil {
		t.Fatal(err)
	}
	if got := <-left; got <= 50*time.Second || got > time.Minute {
		t.Error(got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	if _, err := client.Chat(ctx, ringmain.Ask("a")); err != nil {
		t.Fatal(err)
	}
	if got := <-left; got <= 50*time.Minute {
		t.Error(got)
	}
}

func TestADeadlineEndsACall(t *testing.T) {
	client := dial(t, &fake.Gateway{OnChat: func(ctx context.Context, _ *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}, ringmain.WithTimeout(50*time.Millisecond))
	_, err := client.Chat(t.Context(), ringmain.Ask("a"))
	if !errors.Is(err, ringmain.ErrDeadlineExceeded) || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestAGatewayThatIsNotThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	target := listener.Addr().String()
	_ = listener.Close()
	_, err = open(t, target).Chat(t.Context(), ringmain.Ask("a"))
	if !errors.Is(err, ringmain.ErrUnavailable) {
		t.Error(err)
	}
	waiting := open(t, target, ringmain.WithWaitForReady(), ringmain.WithTimeout(300*time.Millisecond))
	if _, err = waiting.Chat(t.Context(), ringmain.Ask("a")); !errors.Is(err, ringmain.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

func TestCallsTakeTurnsAmongAddresses(t *testing.T) {
	var addresses []resolver.Address
	var counts [3]atomic.Int32
	for i := range counts {
		addresses = append(addresses, resolver.Address{Addr: fake.Start(t, &fake.Gateway{
			OnChat: func(ctx context.Context, r *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error) {
				counts[i].Add(1)
				return echo(ctx, r)
			},
		})})
	}
	names := manual.NewBuilderWithScheme("three")
	names.InitialState(resolver.State{Addresses: addresses})
	client := open(t, "three:///gateway", ringmain.WithDialOptions(grpc.WithResolvers(names)))
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		if _, err := client.Chat(t.Context(), ringmain.Ask("a")); err != nil {
			t.Fatal(err)
		}
		if counts[0].Load() > 2 && counts[1].Load() > 2 && counts[2].Load() > 2 {
			return
		}
	}
	t.Error("an address was never asked")
}

func TestTLSMutualAndRefused(t *testing.T) {
	certificate, roots := selfSigned(t)
	server := credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{certificate}, ClientCAs: roots, ClientAuth: tls.RequireAndVerifyClientCert,
	})
	target := fake.Start(t, &fake.Gateway{OnChat: echo}, grpc.Creds(server))
	trusted := open(t, target, ringmain.WithTLS(&tls.Config{RootCAs: roots, Certificates: []tls.Certificate{certificate}}))
	if answer, err := trusted.Chat(t.Context(), ringmain.Ask("secret")); err != nil || answer.Text() != "secret" {
		t.Error(answer, err)
	}
	_, err := open(t, target, ringmain.WithTLS(nil)).Chat(t.Context(), ringmain.Ask("a"))
	if !errors.Is(err, ringmain.ErrUnavailable) || !strings.Contains(err.Error(), "certificate") {
		t.Error(err)
	}
}

// selfSigned returns a certificate for loopback, and the pool that trusts it.
func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
