<?php

declare(strict_types=1);

/** scenario.php - every operation of MachineID.php, and the ways in which they fail. */

use MachineID\Client;
use MachineID\Decision;
use MachineID\Error;

require __DIR__ . '/MachineID.php';

const DEVICE = 'worker:prod:queue-consumer:07';

/** The child reports its result through its exit status. */
function forked(Client $client): void
{
    $word = fn (bool $allowed) => $allowed ? 'allowed' : 'denied';
    $child = pcntl_fork();
    if ($child === 0) {
        exit($client->isAllowed(DEVICE) ? 0 : 1);
    }
    $parent = $client->isAllowed(DEVICE);
    pcntl_waitpid($child, $ended);
    echo "fork: parent {$word($parent)}, child {$word($ended === 0)}\n";
}

/** The result of require(): a decision or an error. Both have a status and a request id. */
function outcome(Client $client, string $device): Decision|Error
{
    try {
        return $client->require($device);
    } catch (Error $error) {
        return $error;
    }
}

function show(string $step, Decision|Error $outcome, string $more = ''): void
{
    printf("%s: %s allowed=%d%s\n", $step, $outcome->status->label(), $outcome instanceof Decision, $more);
}

/**
 * Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none may
 * let it work.
 */
function neverRegistered(Client $client): void
{
    $done = [];
    if ($client->validate('never')) {
        $done[] = 'if validate';
    }
    if ($client->isAllowed('never')) {
        $done[] = 'if isAllowed';
    }
    if (!$client->validate('never') === false) {
        $done[] = 'not';
    }
    if ($decision = $client->validate('never')) {
        $done[] = 'assignment';
    }
    $client->validate('never') and $done[] = 'and';
    $done[] = $client->validate('never') ?: null;
    try {
        $client->require('never');
        $done[] = 'require';
    } catch (Error $error) {
        $length = strlen($error->requestId);
        $done = array_filter($done);
        echo 'never registered: ', $done === [] ? 'nothing done' : implode(', ', $done), "\n";
        echo "never registered: {$error->status->label()} $error->errorCode request_id=$length characters\n";
    }
}

/** Asks about several devices in one call. One that cannot be asked about costs only that device its decision. */
function many(Client $client): void
{
    $client->validateMany([DEVICE, 'never', '', DEVICE], $outcomes);
    echo 'many: ', implode(' ', array_map(fn ($one) => (int) ($one instanceof Decision), $outcomes)), "\n";
    $code = fn (Decision|Error $one) => $one instanceof Decision ? $one->code : $one->errorCode;
    echo 'many: ', implode(' ', array_map($code, $outcomes)), "\n";
    $isWork = $client->validateMany([], $outcomes);
    echo 'many: ', $isWork ? 'work' : 'none asked', ', ', count($outcomes), " decisions\n";
    $done = [];
    if ($client->validateMany([DEVICE, 'never'])) {
        $done[] = 'if';
    }
    if ($all = $client->validateMany([DEVICE, 'never'], $outcomes)) {
        $done[] = 'assignment';
    }
    echo 'many, one never registered: ', $done === [] ? 'nothing done' : implode(', ', $done), "\n";
    $client->validateMany([DEVICE, DEVICE]) or throw new \LogicException('not all are allowed');
}

/** A guard of a device that is denied is an error, so that no condition on it is true. */
function guards(Client $client): void
{
    $guard = $client->guard(DEVICE, ['interval_ms' => 50]);
    echo 'guard: ', $guard->isAllowed() ? 'on' : 'off', "\n";
    $client->revoke(DEVICE);
    $guard->waitUntilOff(30000) or print("guard: on 30 s after a revoke\n");
    ['state' => $state, 'decision' => $decision] = $guard->decision();
    $length = strlen($decision['request_id']);
    echo "guard: $state after a revoke, {$decision['code']} request_id=$length characters\n";
    $client->unrevoke(DEVICE);
    echo 'guard: ', $guard->isAllowed() ? 'on' : "still {$guard->decision()['state']}", " after an unrevoke\n";
    $guard->stop();
    echo 'guard, stopped: ', $guard->isAllowed() ? 'on' : 'off', "\n";

    $done = [];
    try {
        if ($client->guard('never')) {
            $done[] = 'if';
        }
        $done[] = 'guard';
    } catch (Error $error) {
        $done = $error->errorCode === 'DEVICE_NOT_REGISTERED' ? $done : [$error->getMessage()];
    }
    echo 'guard, never registered: ', $done === [] ? 'nothing done' : implode(', ', $done), "\n";

    $other = Client::fromEnv();
    $cancelled = $other->guard(DEVICE);
    $other->cancel();
    echo 'guard, cancelled: ', $cancelled->isAllowed() ? 'on' : 'off', "\n";
}

/** A bad argument must raise the language's argument error, which names the parameter. */
function refused(string $step, string $kind, Client $client, mixed $deviceId): void
{
    try {
        $client->validate($deviceId);
        echo "$step: asked\n";
    } catch (\Error $error) {
        $isIt = $error instanceof $kind && str_contains($error->getMessage(), '$deviceId');
        echo "$step: ", $isIt ? 'an argument error that names it' : $error->getMessage(), "\n";
    }
}

/** Gives a key that cannot be sent; neither the error nor its trace may show it. */
function secret(): void
{
    $shown = [];
    foreach (["org_marker\0", "org_marker\xED\xA0\x80", ['org_marker']] as $key) {
        try {
            Client::new($key);
            $shown[] = 'accepted: marker';
        } catch (\Error $error) {
            $shown[] = (string) $error;
        }
    }
    $shown = array_filter($shown, fn (string $said) => str_contains($said, 'marker'));
    echo 'secret: ', implode(', ', $shown) ?: 'refused, and not shown', "\n";
}

echo 'version ', MachineID\version(), "\n";
$client = Client::fromEnv();

echo "register: MID_OK status={$client->register(DEVICE)['status']}\n";
echo "register again: MID_OK status={$client->register(DEVICE)['status']}\n";
$decision = outcome($client, DEVICE);
show('validate', $decision, " code=$decision->code");
if ($client->validate(DEVICE)) {
    echo "work: one unit done\n";
}

forked($client);

$client->revoke(DEVICE);
echo "revoke: MID_OK\n";
$decision = outcome($client, DEVICE);
$length = strlen($decision->requestId);
show('validate', $decision, " code=$decision->errorCode request_id=$length characters");
echo "register revoked: MID_OK status={$client->register(DEVICE)['status']}\n";
$client->unrevoke(DEVICE);
echo "unrevoke: MID_OK\n";
$decision = outcome($client, DEVICE);
show('validate', $decision, " code=$decision->code");
$client->restore(DEVICE);
echo "restore: MID_OK\n";

echo 'list: MID_OK ', count($client->listDevices()['devices']), " device\n";
echo "usage: MID_OK planTier={$client->usage()['planTier']}\n";
show('umlaut device', outcome($client, 'wörker:prod:07'));
neverRegistered($client);
many($client);
guards($client);
$client->remove(DEVICE);
echo "remove: MID_OK\n";
try {
    $client->remove(DEVICE);
} catch (Error $error) {
    $length = strlen($error->requestId);
    echo "remove again: {$error->status->label()} $error->errorCode request_id=$length characters\n";
}

try {
    Client::fromEnv(['timeout' => 1]);
} catch (Error $error) {
    $named = str_contains($error->getMessage(), 'timeout') ? 'timeout' : $error->getMessage();
    echo "wrong option: {$error->status->label()} $error->errorCode $named\n";
}
$problem = outcome($client, '');
echo "no device: {$problem->status->label()} $problem->errorCode\n";
refused('NUL', \ValueError::class, $client, "a\0b");
refused('surrogate', \ValueError::class, $client, "w\xED\xA0\x80");
refused('null', \TypeError::class, $client, null);
secret();

// The reply holds unusual numbers. Its answer counts all the same.
$odd = Client::new('org_runtimes', ['base_url' => getenv('MACHINEID_ODD_URL')]);
show('odd numbers', outcome($odd, DEVICE));

// An outage is neither an answer nor a refusal: the next call may bring an answer.
$out = Client::new('org_outage', ['base_url' => getenv('MACHINEID_OUTAGE_URL'), 'max_retries' => 0]);
$problem = outcome($out, DEVICE);
show('outage', $problem, " $problem->errorCode");
show('outlived', outcome($out, DEVICE));

$unreachable = Client::new('org_runtimes', ['base_url' => 'http://127.0.0.1:1', 'max_retries' => 0]);
$problem = outcome($unreachable, DEVICE);
show('unreachable', $problem, " $problem->errorCode");
$unreachable->cancel();
show('cancelled', outcome($unreachable, DEVICE));
