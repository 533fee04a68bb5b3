/** How much an audit event tells ("Interpreting AWS CloudHSM audit logs"). */
export const LOG_TYPE = {
  MINIMAL_LOG_ENTRY: 0,
  MGMT_KEY_DETAILS_LOG: 1,
  MGMT_USER_DETAILS_LOG: 2,
  UNKNOWN_LOG_TYPE: 5,
} as const
export type LogType = keyof typeof LOG_TYPE

/** The user types of audit events ("AWS CloudHSM audit log reference"). */
export const USER_TYPE = {
  CN_CRYPTO_USER: 1,
  CN_CRYPTO_OFFICER: 2,
  CN_APPLIANCE_USER: 5,
  CN_CRYPTO_PRE_OFFICER: 6,
} as const
export type UserType = keyof typeof USER_TYPE

type Opcode = Readonly<{ code: number; logType: LogType }>

const minimal = (code: number): Opcode => ({ code, logType: 'MINIMAL_LOG_ENTRY' })
const key = (code: number): Opcode => ({ code, logType: 'MGMT_KEY_DETAILS_LOG' })
const user = (code: number): Opcode => ({ code, logType: 'MGMT_USER_DETAILS_LOG' })

/**
 * The audited commands ("AWS CloudHSM audit log reference"; numbers from its samples). AWS publishes no number for some
 * of the names: those have one of ours, from 0x8000 on.
 */
export const AUDIT_OPCODE = {
  CN_INIT_TOKEN: minimal(0x1),
  CN_CREATE_USER: user(0x3),
  CN_CREATE_CO: user(0x4),
  CN_CHANGE_PSWD: user(0x9),
  CN_LOGIN: user(0xd),
  CN_LOGOUT: user(0xe),
  CN_DESTROY_OBJECT: key(0x11),
  CN_SHARE_OBJECT: { code: 0x12, logType: 'UNKNOWN_LOG_TYPE' },
  CN_GENERATE_KEY: key(0x17),
  CN_GENERATE_KEY_PAIR: key(0x19),
  CN_WRAP_KEY: key(0x1a),
  CN_UNWRAP_KEY: key(0x1b),
  CN_GEN_PSWD_ENC_KEY: minimal(0x1d),
  CN_NIST_AES_WRAP: key(0x1e),
  CN_INIT_DONE: minimal(0x95),
  CN_DELETE_USER: user(0xa1),
  CN_EXTRACT_MASKED_OBJECT_USER: key(0xf0),
  CN_INSERT_MASKED_OBJECT_USER: key(0xf1),
  CN_CREATE_APPLIANCE_USER: user(0xfc),
  CN_ENCRYPT_SESSION_V2: minimal(0x107),
  END_MARKER_OPCODE: minimal(0xffff),
  CN_APP_FINALIZE: user(0x8000),
  CN_CLOSE_SESSION: user(0x8001),
  CN_CREATE_OBJECT: key(0x8002),
  CN_MODIFY_OBJECT: key(0x8003),
  CN_TOMBSTONE_OBJECT: key(0x8004),
  CN_DERIVE_KEY: key(0x8005),
  CN_GET_TOKEN: user(0x8006),
  CN_APPROVE_TOKEN: user(0x8007),
  CN_DELETE_TOKEN: user(0x8008),
  CN_SET_M_VALUE: user(0x8009),
  CN_BACKUP_BEGIN: minimal(0x800a),
  CN_BACKUP_END: minimal(0x800b),
  CN_RESTORE_BEGIN: minimal(0x800c),
  CN_RESTORE_END: minimal(0x800d),
  CN_CERT_AUTH_STORE_CERT: minimal(0x800e),
  CN_GEN_KEY_ENC_KEY: minimal(0x800f),
  CN_FIPS_RAND: minimal(0x8010),
  CN_ZEROIZE: minimal(0x8011),
} as const satisfies Readonly<Record<string, Opcode>>
export type AuditOpcode = keyof typeof AUDIT_OPCODE

/** `Command Type(hex)`: certificate commands have a class of their own. */
export const commandTypeOf = (opcode: AuditOpcode): string =>
  opcode.startsWith('CN_CERT_AUTH_') ? 'CN_CERT_AUTH_CMD (0x9)' : 'CN_MGMT_CMD (0x0)'
