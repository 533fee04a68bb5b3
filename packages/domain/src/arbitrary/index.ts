export { base64, fixedAttributes, keyTemplate, mutableAttributes } from './attributes.ts'
export {
  entriesOfOneHandle,
  keyEntries,
  keyEntry,
  keyRecord,
  plainRecord,
  sampleLineage,
  tombstone,
} from './entries.ts'
export { closeStamp, commandId, hsmId, keyHandle, stamp, username } from './names.ts'
