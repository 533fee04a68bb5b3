/** Exceptions of the service's model, and those that any AWS JSON service may answer with ("Common Error Types"). */
export type AwsErrorType =
  | 'CloudHsmAccessDeniedException'
  | 'CloudHsmInternalFailureException'
  | 'CloudHsmInvalidRequestException'
  | 'CloudHsmResourceNotFoundException'
  | 'CloudHsmServiceException'
  | 'CloudHsmTagException'
  | 'IncompleteSignatureException'
  | 'InvalidSignatureException'
  | 'MissingAuthenticationTokenException'
  | 'RequestEntityTooLargeException'
  | 'SerializationException'
  | 'UnknownOperationException'

/** What a client gets instead of a result: `__type` and `Message` of the error envelope. */
export type AwsError = Readonly<{ type: AwsErrorType; message: string }>

export const awsError = (type: AwsErrorType, message: string): AwsError => ({ type, message })

/** The model answers everything with 400 but its own faults; a body that is too large never reaches the model. */
export const statusOf = ({ type }: AwsError): number => {
  if (type === 'CloudHsmInternalFailureException') return 500
  return type === 'RequestEntityTooLargeException' ? 413 : 400
}
