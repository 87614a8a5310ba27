# scenario.pl - every operation of MachineID.pm, and the ways in which they fail.
use v5.36;
use utf8;
use threads;

use FindBin qw($Bin);
use lib $Bin;
use MachineID;
use POSIX ();

use constant DEVICE => 'worker:prod:queue-consumer:07';

sub in_threads ($client) {
    my @threads = map { threads->create(sub { scalar grep { $client->validate(DEVICE) } 1 .. 4 }) } 1 .. 8;
    my $allowed = 0;
    $allowed += $_->join for @threads;
    say "threads: $allowed of 32 allowed";
}

# The child reports its result through its exit status.
sub forked ($client) {
    my $child = fork // die "fork: $!\n";
    POSIX::_exit($client->validate(DEVICE) ? 0 : 1) if $child == 0;
    my $parent = $client->validate(DEVICE);
    waitpid $child, 0;
    say 'fork: parent ', word($parent), ', child ', word($? == 0);
}

sub word ($allowed) { return $allowed ? 'allowed' : 'denied' }

sub show ($step, $decision, $more = '') {
    say "$step: ", $decision->status, ' allowed=', $decision->allowed ? 1 : 0, $more;
}

# Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none may
# let it work.
sub never_registered ($client) {
    my @done;
    push @done, 'if' if $client->validate('never');
    push @done, 'unless' unless !$client->validate('never');
    push @done, 'and' if $client->validate('never') and 1;
    push @done, 'my' if my $decision = $client->validate('never');
    push @done, 'grep' if grep { $client->validate($_) } 'never';
    eval { push @done, 'list assignment' if my ($listed) = $client->validate('never') };
    eval { my %h = (allowed => $client->validate('never'), retry => 1); push @done, 'hash' if $h{allowed} };
    eval { push @done, 'map' if map { $client->validate($_) } 'never' };
    push @done, '==' if $client->validate('never') == 1;
    eval { $client->validate('never') || die "no\n"; push @done, 'or die' };
    eval { $client->require('never'); push @done, 'require' };
    say 'never registered: ', @done ? join(', ', @done) : 'nothing done';
    say 'never registered: ', $@->status, ' ', $@->code, ' request_id=', length $@->request_id, ' characters';
}

# Asks about several devices in one call. One that cannot be asked about costs only that device its decision.
sub many ($client) {
    my $decisions = $client->validate_many(DEVICE, 'never', '', DEVICE);
    say "many: @{[map { $_ ? 1 : 0 } @$decisions]}";
    say "many: @{[map { $_->code } @$decisions]}";
    my $none = $client->validate_many;
    say 'many: ', $none ? 'work' : 'none asked', ', ', scalar @$none, ' decisions';
    my @done;
    push @done, 'if' if $client->validate_many(DEVICE, 'never');
    push @done, 'my' if my $some = $client->validate_many(DEVICE, 'never');
    eval { push @done, 'list assignment' if my @listed = $client->validate_many(DEVICE, 'never') };
    say 'many, one never registered: ', @done ? join(', ', @done) : 'nothing done';
    die "not all are allowed\n" unless $client->validate_many(DEVICE, DEVICE);
}

# A guard is true while the device may run.
sub guards ($client) {
    my $guard = $client->guard(DEVICE, interval_ms => 50);
    say 'guard: ', $guard ? 'on' : 'off';
    $client->revoke(DEVICE);
    $guard->wait_until_off(30) or say 'guard: on 30 s after a revoke';
    my $known = $guard->decision;
    say "guard: $known->{state} after a revoke, $known->{decision}{code} request_id=",
        length $known->{decision}{request_id}, ' characters';
    $client->unrevoke(DEVICE);
    say 'guard: ', $guard ? 'on' : 'still ' . $guard->decision->{state}, ' after an unrevoke';
    $guard->stop;
    say 'guard, stopped: ', $guard ? 'on' : 'off';

    my @done;
    push @done, 'if' if $client->guard('never');
    push @done, 'my' if my $denied = $client->guard('never');
    push @done, 'while' while $client->guard('never');
    eval { push @done, 'list assignment' if my ($listed) = $client->guard('never') };
    say 'guard, never registered: ', @done ? join(', ', @done) : 'nothing done';

    my $other = MachineID->from_env;
    my $cancelled = $other->guard(DEVICE);
    die "the guard is off\n" unless $cancelled;
    $other->cancel;
    say 'guard, cancelled: ', $cancelled ? 'on' : 'off';
}

# A bad argument must raise the language's argument error, which names the parameter and the caller's line.
sub refused ($step, $client, $device_id) {
    eval { $client->validate($device_id); 1 } and return say "$step: asked";
    say "$step: ", $@ =~ /device_id.* at \Q$0\E line/ ? 'an argument error that names it' : $@;
}

# Gives a key that cannot be sent; the error must not show it.
sub secret () {
    my @shown = grep { /marker/ } map {
        my $key = $_;
        eval { MachineID->new($key); 1 } ? 'accepted: marker' : "$@"
    } "org_marker\0", "org_marker\x{110000}", ['org_marker'], { org_marker => 1 };
    say 'secret: ', @shown ? join(', ', @shown) : 'refused, and not shown';
}

$| = 1;
say 'version ', MachineID::version();
my $client = MachineID->from_env;

say 'register: MID_OK status=', $client->register(DEVICE)->{status};
say 'register again: MID_OK status=', $client->register(DEVICE)->{status};
my $decision = $client->validate(DEVICE);
show('validate', $decision, ' code=' . $decision->code);
say 'work: one unit done' if $decision;

in_threads($client);
forked($client);

$client->revoke(DEVICE);
say 'revoke: MID_OK';
$decision = $client->validate(DEVICE);
show('validate', $decision,
    ' code=' . $decision->code . ' request_id=' . length($decision->request_id) . ' characters');
say 'register revoked: MID_OK status=', $client->register(DEVICE)->{status};
$client->unrevoke(DEVICE);
say 'unrevoke: MID_OK';
$decision = $client->validate(DEVICE);
show('validate', $decision, ' code=' . $decision->code);
$client->restore(DEVICE);
say 'restore: MID_OK';

say 'list: MID_OK ', scalar @{ $client->list_devices->{devices} }, ' device';
say 'usage: MID_OK planTier=', $client->usage->{planTier};
show('umlaut device', scalar $client->validate('wörker:prod:07'));
never_registered($client);
many($client);
guards($client);
$client->remove(DEVICE);
say 'remove: MID_OK';
eval { $client->remove(DEVICE) }
    or say 'remove again: ', $@->status, ' ', $@->code, ' request_id=', length $@->request_id, ' characters';

eval { MachineID->from_env(timeout => 1) }
    or say 'wrong option: ', $@->status, ' ', $@->code, ' ', $@ =~ /(timeout)/;
$decision = $client->validate('');
say 'no device: ', $decision->status, ' ', $decision->code;
refused('NUL', $client, "a\0b");
{
    no warnings 'surrogate';
    refused('surrogate', $client, "w\x{D800}");
}
refused('null', $client, undef);
secret();

# The reply holds unusual numbers. Its answer counts all the same.
my $odd = MachineID->new('org_runtimes', base_url => $ENV{MACHINEID_ODD_URL});
show('odd numbers', scalar $odd->validate(DEVICE));

# An outage is neither an answer nor a refusal: the next call may bring an answer.
my $out = MachineID->new('org_outage', base_url => $ENV{MACHINEID_OUTAGE_URL}, max_retries => 0);
$decision = $out->validate(DEVICE);
show('outage', $decision, ' ' . $decision->code);
show('outlived', scalar $out->validate(DEVICE));

my $unreachable = MachineID->new('org_runtimes', base_url => 'http://127.0.0.1:1', max_retries => 0);
$decision = $unreachable->validate(DEVICE);
show('unreachable', $decision, ' ' . $decision->code);
$unreachable->cancel;
show('cancelled', scalar $unreachable->validate(DEVICE));
