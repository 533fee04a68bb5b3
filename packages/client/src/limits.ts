/** Both sides of a channel say that they live this often (design: HSM beats). */
export const BEAT_MILLIS = 50
/** How often silence, time-outs and waiting calls are looked at. */
export const TICK_MILLIS = 25
/** After this silence idempotent requests go to another HSM. */
export const SUSPECT_MILLIS = 150
/** After this silence a new channel is tried, beside the old one. */
export const RECONNECT_MILLIS = 500
/** After this silence an HSM no longer counts: not as a holder of keys, and nobody waits for its answer. */
export const ABSENT_MILLIS = 1_000
/** After this silence a session key is given up. */
export const SESSION_KEY_PATIENCE_MILLIS = 2_000
/** After this silence the outcome of a change that only this HSM can tell is given up. */
export const OUTCOME_PATIENCE_MILLIS = 5_000
/** The longest that any call waits. */
export const CALL_MILLIS = 10_000
/** No answer to a password for so long, and the outcome is unknown. */
export const LOGIN_MILLIS = 5_000
/** One step of a connection attempt: hello or handshake. */
export const CONNECT_MILLIS = 1_000
export const RECONNECT_BACKOFF = { first: 100, max: 1_000 } as const
/** A request without an answer from an HSM that lives is sent again; the wait doubles from the first to the last. */
export const RESEND_BACKOFF = { first: 400, max: 3_200 } as const

/** "Client SDK 5 retry": throttled operations are retried up to three times, with exponential backoff. */
export const THROTTLE_RETRIES_MAX = 3
export const THROTTLE_BACKOFF_MILLIS = 100
/** HSM return codes for a name that is unknown and a password that is wrong (AWS CloudHSM audit log reference). */
export const PASSWORD_REFUSALS: ReadonlyArray<number> = [157, 163]
/** HSM return code of a throttled operation ("HSM throttling", AWS CloudHSM User Guide). */
export const THROTTLED = 187

/** Calls of one client that may be under way at a time. */
export const CALLS_MAX = 16_384
/** Applications of one client: PKCS#11 connections and command-line tools. */
export const APPLICATIONS_MAX = 1_024
/** Handles whose holders are remembered; the least recently learned are forgotten first. */
export const PLACEMENTS_MAX = 65_536
/** A key that seems to lack holders is looked up again when what is known is older than this. */
export const PLACEMENT_STALE_MILLIS = 1_000
/** Times that one call may be sent somewhere else, whatever the reasons. */
export const MOVES_MAX = 32
/** Sessions that one change may lose before the HSM's word is taken. */
export const SESSIONS_LOST_MAX = 3
/** Keys asked for in one `findKeys`. */
export const FIND_PAGE = 128
/** More keys than an HSM can hold (AWS CloudHSM quotas: 16,666): an HSM that goes on is not listened to. */
export const FOUND_KEYS_MAX = 65_536
/** "Key availability": HSMs that must hold a token key. */
export const AVAILABILITY_HOLDERS = 2
/** Of a refusal's text, as much is kept. */
export const MESSAGE_LENGTH_MAX = 300
/** Sessions of an HSM that wait to be closed there. */
export const SESSIONS_TO_CLOSE_MAX = 4_096
