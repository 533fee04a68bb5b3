const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\s*([A-Za-z0-9+/=\s]*?)\s*-----END \1-----/g

/** The DER of every block with this label, in order (RFC 7468); text around them is not looked at. */
export const pemBlocks = (text: string, label: string): ReadonlyArray<Buffer> =>
  [...text.matchAll(BLOCK)].flatMap(([, name, body]) =>
    name === label && body !== undefined ? [Buffer.from(body, 'base64')] : [],
  )

/** Lines of 64 characters, a line feed after each. */
export const toPem = (der: Uint8Array, label: string): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}
