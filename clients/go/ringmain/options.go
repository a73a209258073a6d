package ringmain

import (
	"crypto/tls"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	// DefaultTarget is where a gateway listens that was told nothing else.
	DefaultTarget = "127.0.0.1:50051"
	// TargetVariable is the variable of the environment that names the gateway's address.
	TargetVariable = "RINGMAIN_TARGET"
	// DefaultMaxMessageBytes is the largest request that a gateway takes whose operator said nothing else.
	DefaultMaxMessageBytes = 64 << 20

	responseLimit    = 64 << 20
	keepaliveTime    = 60 * time.Second
	keepaliveTimeout = 20 * time.Second
)

// An Option says how a [Client] connects or calls.
type Option func(*settings)

type settings struct {
	model           string
	timeout         time.Duration
	metadata        []string
	tokens          *tokens
	credentials     credentials.TransportCredentials
	maxAttempts     int
	maxMessageBytes int
	waitForReady    bool
	dialOptions     []grpc.DialOption
}

func newSettings(options []Option) *settings {
	s := &settings{
		credentials: insecure.NewCredentials(), maxAttempts: 3, maxMessageBytes: DefaultMaxMessageBytes,
	}
	for _, option := range options {
		option(s)
	}
	return s
}

// WithModel names the model of requests that name none.
func WithModel(model string) Option {
	return func(s *settings) { s.model = model }
}

// WithTimeout bounds every call whose context has no deadline, a stream as a whole. Without it, such calls
// have no deadline of their own.
func WithTimeout(timeout time.Duration) Option {
	return func(s *settings) { s.timeout = timeout }
}

// WithToken sends the token or API key with every call, as `authorization: Bearer`. Without TLS it travels readable.
// For tokens that end, see [WithTokenSource].
func WithToken(token string) Option {
	return WithMetadata("authorization", "Bearer "+token)
}

// WithTokenSource sends the tokens of a source, as `authorization: Bearer`. A call that gets none fails with
// ErrUnauthenticated and the source's error.
func WithTokenSource(source TokenSource) Option {
	return func(s *settings) { s.tokens = newTokens(source) }
}

// WithMetadata sends a pair with every call.
func WithMetadata(key, value string) Option {
	return func(s *settings) { s.metadata = append(s.metadata, key, value) }
}

// WithTLS connects by TLS. A nil config trusts the system's certificates; mutual TLS needs a config with
// Certificates.
func WithTLS(config *tls.Config) Option {
	return func(s *settings) { s.credentials = credentials.NewTLS(config) }
}

// WithMaxAttempts says how often gRPC tries a call that ends UNAVAILABLE before anything of an answer has
// arrived, 1 to 5; 3 unless said otherwise. A try may cost money; give a request id to pay once.
func WithMaxAttempts(attempts int) Option {
	return func(s *settings) { s.maxAttempts = attempts }
}

// WithMaxMessageBytes says how large a request message may be, [DefaultMaxMessageBytes] unless said otherwise: what
// the gateway's setting server.max_receive_bytes says, and [Client.ServerInfo] tells. A larger one is not sent, and
// the call fails with ErrInvalidRequest.
func WithMaxMessageBytes(limit int) Option {
	return func(s *settings) { s.maxMessageBytes = limit }
}

// WithWaitForReady makes calls wait for a gateway that cannot be reached, until their deadline, instead of
// failing at once.
func WithWaitForReady() Option {
	return func(s *settings) { s.waitForReady = true }
}

// WithDialOptions hands options to gRPC. They win over the client's own.
func WithDialOptions(options ...grpc.DialOption) Option {
	return func(s *settings) { s.dialOptions = append(s.dialOptions, options...) }
}
