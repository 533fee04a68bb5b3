/** HSM return codes, as audit logs print them ("Interpreting AWS CloudHSM audit logs"). */
export const HSM_RETURN = { userUnknown: 157, loginFailure: 163, busy: 187 } as const
