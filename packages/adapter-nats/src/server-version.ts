/** Older servers can lose a whole stream when they are killed (nats-server issue 6888); 2.9 cannot sync at all. */
const OLDEST = [2, 10, 23] as const

/** Whether a server of `version` (`2.10.27`, `2.11.0-RC.2`) may keep the feed. What is no version may not. */
export const isRecentEnough = (version: string): boolean => {
  const parts = /^v?(\d+)\.(\d+)\.(\d+)(?![\d.])/.exec(version)?.slice(1).map(Number)
  if (parts === undefined) return false
  for (const [i, oldest] of OLDEST.entries()) {
    const part = parts[i] ?? 0
    if (part !== oldest) return part > oldest
  }
  return true
}
