<?php

declare(strict_types=1);

/** scenario.php - every operation of MachineID.php, and the ways in which they fail. */

use MachineID\Client;
use MachineID\Decision;
use MachineID\Error;

require __DIR__ . '/MachineID.php';

const DEVICE = 'worker:prod:queue-consumer:07';

/** The child tells the parent by its exit status. */
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

function show(string $step, Decision $decision, string $more = ''): void
{
    printf("%s: %s allowed=%d%s\n", $step, $decision->status->label(), $decision->allowed, $more);
}

echo 'version ', MachineID\version(), "\n";
$client = Client::fromEnv();

echo "register: MID_OK status={$client->register(DEVICE)['status']}\n";
echo "register again: MID_OK status={$client->register(DEVICE)['status']}\n";
$decision = $client->validate(DEVICE);
show('validate', $decision, " code=$decision->code");
if ($decision->allowed) {
    echo "work: one unit done\n";
}

forked($client);

$client->revoke(DEVICE);
echo "revoke: MID_OK\n";
$decision = $client->validate(DEVICE);
$length = strlen($decision->requestId);
show('validate', $decision, " code=$decision->code request_id=$length characters");
echo "register revoked: MID_OK status={$client->register(DEVICE)['status']}\n";
$client->unrevoke(DEVICE);
echo "unrevoke: MID_OK\n";
$decision = $client->validate(DEVICE);
show('validate', $decision, " code=$decision->code");
$client->restore(DEVICE);
echo "restore: MID_OK\n";

echo 'list: MID_OK ', count($client->listDevices()['devices']), " device\n";
echo "usage: MID_OK planTier={$client->usage()['planTier']}\n";
show('umlaut device', $client->validate('wörker:prod:07'));
$client->remove(DEVICE);
echo "remove: MID_OK\n";
try {
    $client->remove(DEVICE);
} catch (Error $error) {
    echo "remove again: {$error->status->label()}\n";
}

try {
    Client::fromEnv(['timeout' => 1]);
} catch (Error $error) {
    echo "wrong option: {$error->status->label()} $error->errorCode\n";
}
$decision = $client->validate('');
echo "no device: {$decision->status->label()} $decision->code\n";

$unreachable = Client::new('org_runtimes', ['base_url' => 'http://127.0.0.1:1', 'max_retries' => 0]);
$decision = $unreachable->validate(DEVICE);
show('unreachable', $decision, " $decision->code");
$unreachable->cancel();
show('cancelled', $unreachable->validate(DEVICE));
