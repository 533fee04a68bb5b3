import type { Controller } from '@hsmlab/application'

const WORLD = { account: '000000000000', region: 'us-east-1' }

/** What a browser sees at the endpoint: how to talk to it, and the subnets that CreateCluster wants to be told. */
export const welcome = (controller: Controller): string => {
  const { vpcId, subnets } = controller.vpc(WORLD)
  const lines = subnets.map(({ subnetId, availabilityZone, networkPrefix }) =>
    ['    ', subnetId, ` ${availabilityZone}`, ` ${networkPrefix}0/24`].join(''),
  )
  return [
    'hsmlab: the AWS CloudHSM V2 API (AWS JSON 1.1), version 2017-04-28.',
    '',
    'Use it with any credentials, for example:',
    '    aws --endpoint-url <this address> --region us-east-1 cloudhsmv2 describe-clusters',
    '',
    `The default VPC of account ${WORLD.account} in ${WORLD.region} is ${vpcId}. Its subnets:`,
    ...(lines.length === 0 ? ['    none'] : lines),
    '',
  ].join('\n')
}
