import * as t from 'io-ts'

/** Counts up from 1 on each connection; replies and events carry their request's. */
const RequestId = t.refinement(t.number, (id) => Number.isSafeInteger(id) && id >= 0, 'RequestId')

/** What a client asks, one JSON object a line. */
export const LocalRequest = t.strict({ id: RequestId, method: t.string, params: t.UnknownRecord })
export type LocalRequest = t.TypeOf<typeof LocalRequest>

/**
 * Why a request failed: `code` is for programs (a `CKR_` name behind the client door), `message` for people and without
 * a secret. `hsmReturn` is the HSM's own code, where there is one.
 */
export const LocalError = t.intersection([
  t.strict({ code: t.string, message: t.string }),
  t.exact(t.partial({ hsmReturn: t.number })),
])
export type LocalError = t.TypeOf<typeof LocalError>

/** Exactly one of the three: any number of events, then a result or an error. Id 0: about no request in particular. */
export const LocalReply = t.intersection([
  t.strict({ id: RequestId }),
  t.exact(t.partial({ event: t.unknown, error: LocalError, result: t.unknown })),
])
export type LocalReply = t.TypeOf<typeof LocalReply>

/** Codes of errors that the protocol itself gives. */
export const LOCAL_ERROR = {
  malformedRequest: 'MalformedRequest',
  unknownMethod: 'UnknownMethod',
  malformedParams: 'MalformedParams',
  malformedReply: 'MalformedReply',
  lineTooLong: 'LineTooLong',
  tooManyRequests: 'TooManyRequests',
  connectionClosed: 'ConnectionClosed',
  internalError: 'InternalError',
} as const
