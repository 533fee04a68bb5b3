import type { Cluster, Link } from '../state.ts'
import { forgetLink } from './placements.ts'
import { restoreSeat } from './present-password.ts'
import { hasSession, isLeftOut, makeSeat } from './seats.ts'

/** Every application gets a session on an HSM that has joined. */
export const linkJoined = ({ applications }: Cluster, link: Link): void => {
  for (const application of applications) {
    if (!application.closed) application.seats = [...application.seats, makeSeat(link)]
  }
}

/** An HSM has left the cluster: its sessions and what was known of its keys go. */
export const linkLeft = ({ applications }: Cluster, link: Link): void => {
  for (const application of applications) {
    application.seats = application.seats.filter((seat) => seat.link !== link)
    forgetLink(application, link)
  }
}

/** A new channel: sessions are opened on it, and logins repeated. */
export const linkOpened = ({ applications }: Cluster, link: Link): void => {
  for (const application of applications) {
    for (const seat of application.seats) if (seat.link === link) void restoreSeat(application, seat)
  }
}

/** What could not be brought back at once is tried again, now and then. */
export const restoreSeats = ({ applications, now }: Cluster): void => {
  for (const application of applications) {
    const { identity, loggingIn } = application
    if (application.closed || loggingIn) continue
    for (const seat of application.seats) {
      if (!seat.link.alive || seat.restoring || now < seat.retryAt) continue
      const lacksLogin = identity !== undefined && !seat.loggedIn && !isLeftOut(application, seat)
      if (!hasSession(seat) || lacksLogin) void restoreSeat(application, seat)
    }
  }
}
