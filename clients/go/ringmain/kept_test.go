package ringmain

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func jwtFor(left time.Duration) string {
	claims := fmt.Sprintf(`{"exp": %d}`, time.Now().Add(left).Unix())
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

// The clock of the bubble stands still until everybody waits.
func TestATokenIsReplacedBeforeItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			token Token
			after time.Duration // 0 at once, -1 never
		}{
			{Token{"t", time.Hour}, time.Hour - tokenMargin},
			{Token{"t", time.Minute}, 45 * time.Second},
			{Token{"t", -time.Second}, 0},
			{Token{jwtFor(time.Hour), time.Minute}, 45 * time.Second},
			{Token{jwtFor(-time.Hour), 0}, 0},
			{Token{"opaque", 0}, -1},
			{Token{"a.b.c", 0}, -1},
			{Token{"a.e30.c", 0}, -1},
			{Token{"a." + base64.RawURLEncoding.EncodeToString([]byte(`{"exp": 1e300}`)) + ".c", 0}, -1},
		} {
			kept := newTokens(nil)
			kept.keep(c.token)
			if c.after < 0 {
				time.Sleep(24 * 365 * time.Hour)
				if _, good := kept.good(); !good {
					t.Error(c.token, "was to be kept")
				}
				continue
			}
			if c.after > 0 {
				time.Sleep(c.after - time.Millisecond)
				if _, good := kept.good(); !good {
					t.Error(c.token, "was replaced too early")
				}
				time.Sleep(time.Millisecond)
			}
			if _, good := kept.good(); good {
				t.Error(c.token, "was to be replaced")
			}
		}
		kept := newTokens(nil)
		kept.keep(Token{jwtFor(time.Hour), 0})
		time.Sleep(time.Hour - tokenMargin - time.Second)
		if _, good := kept.good(); !good {
			t.Error("the end that a JWT tells was not kept to")
		}
		time.Sleep(2 * time.Second)
		if _, good := kept.good(); good {
			t.Error("the end that a JWT tells was not kept to")
		}
	})
}

func TestATokenOutlastsAnOutageOfItsSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := errors.New("away")
		asked := 0
		kept := newTokens(func(context.Context) (Token, error) {
			if asked++; asked > 1 {
				return Token{}, away
			}
			return Token{"t", time.Hour}, nil
		})
		for range 2 { // the second one when the token is to be replaced, before its end
			if text, err := kept.get(t.Context()); text != "t" || err != nil {
				t.Error(text, err)
			}
			time.Sleep(time.Hour - tokenMargin/2)
		}
		if _, err := kept.get(t.Context()); !errors.Is(err, away) || !errors.Is(err, ErrUnauthenticated) {
			t.Error(err)
		}
	})
}

func TestRefusalsReplaceATokenOnceInAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := newTokens(nil)
		kept.keep(Token{Text: "a"})
		if _, good := kept.good(); !kept.refused("a") || !good {
			t.Error("the first refusal replaces")
		}
		if _, good := kept.good(); good {
			t.Error("a refused token is not kept")
		}
		kept.keep(Token{Text: "b"})
		if !kept.refused("a") {
			t.Error("another call has replaced it already")
		}
		if kept.refused("b") {
			t.Error("the second refusal comes too soon")
		}
		time.Sleep(betweenRefusals)
		if !kept.refused("b") {
			t.Error("later a refusal replaces again")
		}
	})
}
