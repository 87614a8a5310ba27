// Loads the addon that fits this platform, and starts it.
'use strict';

const path = require('node:path');

const operations = { register: 0, revoke: 1, unrevoke: 2, restore: 3, remove: 4, validate: 5, listDevices: 6, usage: 7,
  guard: 100, validateMany: 101 };

function hasGlibc() {
  const { excludeNetwork } = process.report;
  process.report.excludeNetwork = true; // otherwise the report looks names up
  const { header } = process.report.getReport();
  process.report.excludeNetwork = excludeNetwork;
  return header.glibcVersionRuntime !== undefined;
}

function platform() {
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch];
  if (process.platform !== 'linux' || !arch) {
    throw new Error(`libmachineid has no library for ${process.platform} on ${process.arch}; it has those for Linux ` +
      'on x64 and arm64: run your program there');
  }
  return `linux-${arch}-${hasGlibc() ? 'glibc' : 'musl'}`;
}

const native = require(path.join(__dirname, '..', 'prebuilds', platform(), 'machineid.node'));

// What is to be called at the end of each watched guard, by its number.
const atEnd = new Map();
native.start((number) => {
  const call = atEnd.get(number);
  atEnd.delete(number);
  if (call) call();
});

module.exports = { native, operations, atEnd };
