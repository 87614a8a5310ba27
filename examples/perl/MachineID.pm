# MachineID.pm - the client of the MachineID authority. Needs libmachineid and FFI::Platypus 2; Perl 5.36 or newer.
#
#     my $client = MachineID->from_env(timeout_ms => 2000);
#     $client->register('agent-01');
#     work() if $client->validate('agent-01');
#
#     my $guard = $client->guard('agent-01', interval_ms => 1000);
#     step() while $guard;
#
# A call blocks until there is an answer or timeout_ms has passed; a handler in %SIG, such as that of alarm, runs after
# it. A child of fork may continue to use the client, and so may Perl's threads: the thread that made it frees it, and
# joins the others first.
#
# The result of validate is true when the device is allowed, that of validate_many when there are devices and all are,
# and a guard while it is on; require dies when the device is not allowed. In list context these three croak, because
# there a denial counts as a value: `if (my ($d) = ...)` would work on a denied device. The result is always defined, so
# never use `defined $client->validate(...)`.
package MachineID;
use v5.36;

use Carp ();
use FFI::Platypus 2.00;
use JSON::PP ();

my $ffi = FFI::Platypus->new(api => 2, lib => 'libmachineid.so.0');

# A text that the caller frees is an opaque: a string would be copied, and the pointer lost.
$ffi->attach([mid_version => 'version'], [], 'string'); # MachineID::version(): the version of the loaded library
$ffi->attach(mid_status_name => ['sint32'], 'string');
$ffi->attach(mid_client_new => ['string', 'string', 'opaque*', 'opaque*'], 'sint32');
$ffi->attach(mid_client_from_env => ['string', 'opaque*', 'opaque*'], 'sint32');
$ffi->attach(mid_client_cancel => ['opaque'], 'void');
$ffi->attach(mid_client_free => ['opaque'], 'void');
$ffi->attach(mid_validate => ['opaque', 'string', 'int*', 'opaque*'], 'sint32');
$ffi->attach("mid_$_" => ['opaque', 'string', 'opaque*'], 'sint32') for qw(register revoke unrevoke restore remove);
$ffi->attach("mid_$_" => ['opaque', 'opaque*'], 'sint32') for qw(list_devices usage);
$ffi->attach(mid_validate_many => ['opaque', 'string[]', 'size_t', 'int[]', 'opaque*'], 'sint32');
$ffi->attach(mid_guard_start => ['opaque', 'string', 'string', 'opaque*', 'opaque*'], 'sint32');
$ffi->attach(mid_guard_allowed => ['opaque'], 'int');
$ffi->attach(mid_guard_fd => ['opaque'], 'int');
$ffi->attach(mid_guard_wait => ['opaque', 'sint32'], 'sint32');
$ffi->attach(mid_guard_decision => ['opaque', 'int*', 'opaque*'], 'sint32');
$ffi->attach(mid_guard_stop => ['opaque'], 'void');
$ffi->attach(mid_free => ['opaque'], 'void');

# A client: a connection to the authority on behalf of one organisation. Make one and keep it. machineid.h lists the
# options. Dies with a MachineID::Error, as the operations do.
sub new ($class, $org_key, %options) {
    my ($key, $json) = (_c_string('org_key', $org_key), JSON::PP::encode_json(\%options));
    return $class->_make(sub { mid_client_new($key, $json, @_) });
}

# The same, with the org key from the environment variable MACHINEID_ORG_KEY.
sub from_env ($class, %options) {
    my $json = JSON::PP::encode_json(\%options);
    return $class->_make(sub { mid_client_from_env($json, @_) });
}

sub _make ($class, $make) {
    my ($handle, $json);
    my $status = $make->(\$handle, \$json);
    _checked($status, $json);
    return bless { handle => $handle, thread => _thread() }, $class;
}

# Frees the client, unless this is a thread's copy of it.
sub DESTROY ($self) {
    mid_client_free($self->{handle}) if $self->{thread} == _thread();
}

# Ends every call in progress and every later call on this client with MID_CANCELLED. Any thread may call this.
sub cancel ($self) {
    mid_client_cancel($self->{handle});
}

# May this device run now? If anything goes wrong, the decision says so. It must be called in scalar context. In list
# context, an empty list for a denial would be no better: in `(allowed => ..., retry => 1)` the next key would become
# the answer.
sub validate ($self, $device_id) {
    _scalar_only(validate => wantarray);
    my ($id, $allowed, $json) = (_c_string('device_id', $device_id), 0, undef);
    my $status = mid_validate($self->{handle}, $id, \$allowed, \$json);
    return bless { _outcome($status, $json), allowed => $allowed == 1 }, 'MachineID::Decision';
}

# Returns the decision when the device may run now. Otherwise dies with a MachineID::Error, with the code and the
# request id for your log.
sub require ($self, $device_id) {
    my $decision = $self->validate($device_id);
    die bless {%$decision}, 'MachineID::Error' unless $decision;
    return $decision;
}

# May each of these devices run now? They are asked about together, within one timeout_ms for all. The result is true
# when there are some and all are allowed, and as an array reference has a decision for each, in order. This too must be
# called in scalar context.
sub validate_many ($self, @device_ids) {
    _scalar_only(validate_many => wantarray);
    # The library takes no empty array, so there is one element more than it is told of.
    my ($ids, $flags, $json) = ([(map { _c_string('device_ids', $_) } @device_ids), ''], [(0) x (@device_ids + 1)]);
    mid_validate_many($self->{handle}, $ids, scalar @device_ids, $flags, \$json);
    my $told = _take($json);
    my @replies = ref $told eq 'ARRAY' ? @$told : ($told) x @device_ids;
    my @decisions = map {
        my ($allowed, $reply) = ($flags->[$_] == 1, $replies[$_] // {});
        bless { _fields(_status_of_one($allowed, $reply), $reply), allowed => $allowed }, 'MachineID::Decision';
    } 0 .. $#device_ids;
    my $all = @decisions && !grep { !$_ } @decisions;
    return bless { all => $all, decisions => \@decisions }, 'MachineID::Decisions';
}

# Starts a guard, which keeps the device's permission fresh in the background: it validates once, in this call, and then
# every interval_ms. It must be called in scalar context, and may outlive its client, but has ended then.
sub guard ($self, $device_id, %options) {
    _scalar_only(guard => wantarray);
    my ($id, $text) = (_c_string('device_id', $device_id), JSON::PP::encode_json(\%options));
    my ($guard, $json);
    _checked(mid_guard_start($self->{handle}, $id, $text, \$guard, \$json), $json);
    return bless { handle => $guard, thread => _thread() }, 'MachineID::Guard';
}

sub _scalar_only ($name, $is_list) {
    Carp::croak("$name must be called in scalar context: scalar \$client->$name(...)") if $is_list;
}

# These return the authority's reply.

sub register ($self, $device_id) { return $self->_ask(\&mid_register, _c_string('device_id', $device_id)) }
sub revoke ($self, $device_id) { return $self->_ask(\&mid_revoke, _c_string('device_id', $device_id)) }
sub unrevoke ($self, $device_id) { return $self->_ask(\&mid_unrevoke, _c_string('device_id', $device_id)) }
sub restore ($self, $device_id) { return $self->_ask(\&mid_restore, _c_string('device_id', $device_id)) }
sub remove ($self, $device_id) { return $self->_ask(\&mid_remove, _c_string('device_id', $device_id)) }
sub list_devices ($self) { return $self->_ask(\&mid_list_devices) }
sub usage ($self) { return $self->_ask(\&mid_usage) }

sub _ask ($self, $operation, @texts) {
    my $json;
    my $status = $operation->($self->{handle}, @texts, \$json);
    return _checked($status, $json);
}

sub _checked ($status, $json) {
    my %outcome = _outcome($status, $json);
    die bless \%outcome, 'MachineID::Error' if $status != 0;
    return $outcome{reply};
}

sub _outcome ($status, $json) { return _fields(mid_status_name($status), _take($json)) }

# Parses and frees the text from a `json` parameter. The answer is the library's flag and not the reply's text, so a
# reply that JSON::PP cannot parse becomes an empty one.
sub _take ($json) {
    my $text = defined $json ? $ffi->cast(opaque => 'string', $json) : '{}';
    mid_free($json);
    return do { local $@; eval { JSON::PP::decode_json($text) } } // {};
}

# The status of one device among many: the library returns one for all.
sub _status_of_one ($allowed, $reply) {
    return 'MID_OK' if $allowed || exists $reply->{allowed};
    return ($reply->{code} // '') =~ /^CLIENT_(.*)/ ? "MID_$1" : 'MID_REFUSED';
}

# The fields that decisions and errors have in common.
sub _fields ($status, $reply) {
    return (
        status => $status,
        code => $reply->{code} // $reply->{error},
        message => $reply->{message},
        request_id => $reply->{request_id},
        reply => $reply,
    );
}

# A NUL would cut the text short, and a surrogate is no character, so that the call would concern another device. undef
# would become an empty text, and a reference its address.
sub _c_string ($name, $text) {
    Carp::croak("$name must be a string, not " . (defined $text ? 'a reference' : 'undef'))
        if !defined $text || ref $text;
    Carp::croak("$name must be a string of Unicode characters without NUL")
        if $text =~ /[\0\x{D800}-\x{DFFF}]|[^\0-\x{10FFFF}]/;
    utf8::encode($text);
    return $text;
}

sub _thread { return threads->can('tid') ? threads->tid : 0 }

# The result of validate(). It is true when the device is allowed; gate on that and nothing else. The status is "MID_OK"
# when the authority decided. With any other status it did not, and nothing is allowed.
package MachineID::Decision {
    use overload bool => sub ($self, @) { $self->{allowed} }, fallback => 1;
    sub allowed ($self) { return $self->{allowed} }
    sub status ($self) { return $self->{status} }
    sub code ($self) { return $self->{code} }
    sub request_id ($self) { return $self->{request_id} }
    sub reply ($self) { return $self->{reply} }
}

# The result of validate_many(). It is true when there are devices and all of them are allowed.
package MachineID::Decisions {
    use overload
        bool => sub ($self, @) { $self->{all} },
        '@{}' => sub ($self, @) { $self->{decisions} },
        fallback => 1;
}

# What guard() starts. It is true while the device may run: look before each step. Looking takes some nanoseconds in the
# library and asks nobody. In a child of fork it is off, and the child starts its own.
package MachineID::Guard {
    use overload bool => sub ($self, @) { $self->allowed }, fallback => 1;
    sub allowed ($self) { return MachineID::mid_guard_allowed($self->{handle}) == 1 }

    # A descriptor for an event loop, which becomes readable once the guard is denied or ended. Do not read or close it.
    sub fileno ($self) { return MachineID::mid_guard_fd($self->{handle}) }

    # Waits until the guard is off, so many seconds at most, and returns whether it is. A lapse may pass.
    sub wait_until_off ($self, $seconds) { return MachineID::mid_guard_wait($self->{handle}, 1000 * $seconds) == 0 }

    # What the guard knows, as machineid.h describes it for mid_guard_decision(): state, age_ms, decision, failure, ...
    sub decision ($self) {
        my ($allowed, $json) = (0);
        my $status = MachineID::mid_guard_decision($self->{handle}, \$allowed, \$json);
        return { %{ MachineID::_checked($status, $json) }, allowed => $allowed == 1 };
    }

    # Stops the guard, in 250 ms at most. It is off then.
    sub stop ($self) { MachineID::mid_guard_stop(delete $self->{handle}) }

    # Stops it, unless this is a thread's copy of it.
    sub DESTROY ($self) { $self->stop if $self->{thread} == MachineID::_thread() }
}

# There is no reply, because the authority refused or gave no answer. require() also dies with this for a denial; the
# status is then "MID_OK", because the authority decided.
package MachineID::Error {
    use overload
        bool => sub { 1 }, # $@ must be true after a failed eval.
        '""' => sub ($self, @) { $self->_text },
        fallback => 1;
    sub status ($self) { return $self->{status} } # such as "MID_REFUSED"
    sub code ($self) { return $self->{code} }
    sub message ($self) { return $self->{message} }
    sub request_id ($self) { return $self->{request_id} }
    sub reply ($self) { return $self->{reply} }

    sub _text ($self) {
        my $why = $self->{status} eq 'MID_OK'
            ? 'not allowed: ' . ($self->{code} // '')
            : join ' ', $self->{status}, ($self->{code} // '') . ':', $self->{message} // '';
        return defined $self->{request_id} ? "$why (request id $self->{request_id})" : $why;
    }
}

1;
