import type { KeyAttributes, KeyTemplate } from './attributes.ts'

/**
 * Whether a key has every attribute that the filter names, with just that value (C_FindObjectsInit, PKCS#11 v2.40
 * §5.7). The empty filter matches every key. Bytes are compared as their base64 text, which is one for one.
 */
export const matches = (filter: KeyTemplate, attributes: Partial<KeyAttributes>): boolean => {
  for (const name in filter) {
    const wanted = filter[name as keyof KeyTemplate]
    if (wanted !== undefined && attributes[name as keyof KeyAttributes] !== wanted) return false
  }
  return true
}
