//go:build cgo

package machineid

import (
	"encoding/json"
	"time"
)

// An Option is an option of a client. What is not set has the library's default, in brackets below. The library checks
// the values: a bad one makes New return ErrInvalidOptions, with a message that names it.
type Option func(options map[string]any)

// A GuardOption is an option of a guard.
type GuardOption func(options map[string]any)

func milliseconds(duration time.Duration) int64 { return duration.Milliseconds() }

// With sets an option by the name that it has in machineid.h, for those that are newer than this package.
func With(name string, value any) Option {
	return func(options map[string]any) { options[name] = value }
}

// WithBaseURL sets the authority (https://machineid.io): https, or http to loopback.
func WithBaseURL(url string) Option { return With("base_url", url) }

// WithTimeout sets the time for one call, everything included, 1 ms to 1 h (10 s).
func WithTimeout(timeout time.Duration) Option { return With("timeout_ms", milliseconds(timeout)) }

// WithConnectTimeout sets the time for name, TCP, proxy and TLS of one attempt, 1 ms to 1 h (3 s).
func WithConnectTimeout(timeout time.Duration) Option {
	return With("connect_timeout_ms", milliseconds(timeout))
}

// WithMaxRetries sets the number of further attempts after a transport failure or an outage, 0 to 10 (2). There are
// none after an answer.
func WithMaxRetries(count int) Option { return With("max_retries", count) }

// WithCAFile sets a PEM file of the only certificate authorities to trust.
func WithCAFile(path string) Option { return With("ca_file", path) }

// WithCAPath sets directories of the only certificate authorities to trust, joined by ":".
func WithCAPath(path string) Option { return With("ca_path", path) }

// WithPinnedPublicKey sets the only server keys to accept, sha256//BASE64, joined by ";".
func WithPinnedPublicKey(pins string) Option { return With("pinned_public_key", pins) }

// WithProxy sets an http, https, socks4, socks4a, socks5 or socks5h URL; "" for none (https_proxy or all_proxy).
func WithProxy(url string) Option { return With("proxy", url) }

// WithNoProxy sets the hosts to reach without a proxy, joined by ","; or "*" (no_proxy).
func WithNoProxy(hosts string) Option { return With("no_proxy", hosts) }

// WithUserAgent sets 1 to 256 bytes of printable ASCII (libmachineid/VERSION).
func WithUserAgent(name string) Option { return With("user_agent", name) }

// WithMaxConnections sets the number of connections, 1 to 256 (64). More calls at once wait their turn.
func WithMaxConnections(count int) Option { return With("max_connections", count) }

// WithMaxConnectionAge sets how old a connection may be for a further request, 1 s to 24 h (5 min).
func WithMaxConnectionAge(age time.Duration) Option {
	return With("max_connection_age_ms", milliseconds(age))
}

// WithEnvVar sets another variable to read the org key from, for FromEnv alone.
func WithEnvVar(name string) Option { return With("env_var", name) }

// WithGuard sets an option of a guard by the name that it has in machineid.h.
func WithGuard(name string, value any) GuardOption {
	return func(options map[string]any) { options[name] = value }
}

// WithInterval sets the time from one check to the next, 20 ms to 1 h, a tenth more or less (5 s). A revocation is
// noticed that late.
func WithInterval(interval time.Duration) GuardOption {
	return WithGuard("interval_ms", milliseconds(interval))
}

// WithMaxAge sets how old an allow may be, 2 to 1000 intervals (3 intervals). So long the program goes on without the
// authority.
func WithMaxAge(age time.Duration) GuardOption { return WithGuard("max_age_ms", milliseconds(age)) }

// encode returns the options as JSON.
func encode[O ~func(map[string]any)](options []O) (string, error) {
	values := map[string]any{}
	for _, option := range options {
		if option == nil {
			return "", local(InvalidArgument, "an option must not be nil")
		}
		option(values)
	}
	text, err := json.Marshal(values)
	if err != nil {
		return "", local(InvalidOptions, "an option cannot be written as JSON: "+err.Error())
	}
	return string(text), nil
}
