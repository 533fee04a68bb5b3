import type { ClusterMode, NetworkType } from './messages.ts'

type HsmTypeRule = Readonly<{
  /** hsm1.medium: no new clusters since April 2025 ("Deprecation Notifications"). */
  creatable: boolean
  modes: ReadonlyArray<ClusterMode>
  /** Without one, CreateCluster must say which. */
  defaultMode?: ClusterMode
  networkTypes: ReadonlyArray<NetworkType>
}>

/** "AWS CloudHSM cluster modes", "AWS CloudHSM quotas". */
export const HSM_TYPES: Readonly<Record<string, HsmTypeRule>> = {
  'hsm1.medium': { creatable: false, modes: ['FIPS'], defaultMode: 'FIPS', networkTypes: ['IPV4'] },
  'hsm2m.medium': { creatable: true, modes: ['FIPS', 'NON_FIPS'], networkTypes: ['IPV4', 'DUALSTACK'] },
}
