import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { listenOnUnixSocket, writeInstanceFile } from '@hsmlab/adapter-node/local'
import { serveApplication } from '@hsmlab/client'
import type { LocalConnection, LocalPeer } from '@hsmlab/protocol/local'
import { type MemoryCluster, memoryCluster } from './memory-application.ts'

export const temporaryFolder = (t: ExecutionContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'hsmlab-cli-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export const listenFor = async (
  t: ExecutionContext,
  path: string,
  serve: (connection: LocalConnection) => LocalPeer,
): Promise<() => Promise<void>> => {
  const listening = await listenOnUnixSocket(path, serve)()
  if (E.isLeft(listening)) return t.fail(listening.left._tag)
  t.teardown(listening.right.close)
  return listening.right.close
}

/** The instance file of a product that runs on `data`, in this process. */
export const announce = (data: string): Promise<void> =>
  writeInstanceFile(data, {
    version: 1,
    pid: process.pid,
    controlSocket: join(data, 'control.sock'),
    clientSocket: join(data, 'client.sock'),
    pkcs11Socket: join(data, 'pkcs11.sock'),
    endpoint: 'http://127.0.0.1:4580',
    region: 'us-east-1',
  })

/** A data folder on which a product of `clusters` in memory runs; only its client door. */
export const runningOn = async (
  t: ExecutionContext,
  clusters: ReadonlyArray<MemoryCluster>,
): Promise<Readonly<{ data: string; stop: () => Promise<void> }>> => {
  const data = temporaryFolder(t)
  const door = {
    clusters: async () =>
      E.right(clusters.map(({ clusterId, client }) => ({ clusterId, client, keyAvailabilityCheck: true }))),
  }
  const stop = await listenFor(t, join(data, 'client.sock'), (connection) => serveApplication(door, connection))
  await announce(data)
  return { data, stop }
}

/** One ACTIVE cluster with the users of the ready-made one. */
export const readyMadeCluster = (clusterId = 'cluster-aaaaaaaaaaa'): MemoryCluster =>
  memoryCluster(clusterId, [
    { username: 'admin' as never, role: 'admin', password: 'password1' },
    { username: 'user1' as never, role: 'crypto-user', password: 'password1' },
  ])
