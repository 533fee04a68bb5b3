/** An HTTP request as a pure edge sees it: header names in lower case, the body read to its end. */
export type HttpRequest = Readonly<{
  method: string
  path: string
  headers: Readonly<Record<string, string | undefined>>
  body: Uint8Array
}>

export type HttpResponse = Readonly<{
  status: number
  headers: Readonly<Record<string, string>>
  body: string
}>

/** Answers one request; never rejects. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>
