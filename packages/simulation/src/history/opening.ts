import { buildCluster, type ClusterImage, type ClusterOptions, resumeCluster } from '../cluster/build-cluster.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { drive } from '../cluster/drive.ts'
import { type Ground, newWorld, type World } from '../cluster/world.ts'
import type { MadeKey } from './record.ts'
import { makeSteadyKeys } from './steady-keys.ts'

/** A cluster that is ready, and the keys that stand on all of its HSMs. */
export type Opening = Readonly<{ cluster: Cluster; steady: ReadonlyMap<number, MadeKey> }>

/** Builds the cluster of a history in its own world, from nothing. */
export const openNew = async (world: World, options: ClusterOptions): Promise<Opening> => {
  const { cluster } = await buildCluster(world, options)
  return { cluster, steady: await makeSteadyKeys(cluster) }
}

type Prototype = Readonly<{ image: ClusterImage; steady: ReadonlyMap<number, MadeKey> }>

const makePrototype = async (ground: Ground): Promise<Prototype> => {
  const world = newWorld(ground, 'prototype')
  const { cluster, image } = await drive(world, buildCluster(world, { syncPeriodMillis: 1000, waivedFor: [] }))
  const steady = await drive(world, makeSteadyKeys(cluster))
  return { image: image(), steady }
}

const prototypes = new WeakMap<Ground, Promise<Prototype>>()

/**
 * Most histories begin with one and the same cluster, started from its disks: to build one takes as long as the history
 * that follows. It comes from a seed of its own, so a history still follows from its seed alone.
 */
export const openPrototype = async (ground: Ground, world: World, options: ClusterOptions): Promise<Opening> => {
  const prototype = prototypes.get(ground) ?? makePrototype(ground)
  prototypes.set(ground, prototype)
  const { image, steady } = await prototype
  return { cluster: await drive(world, resumeCluster(world, image, options)), steady }
}
