/** What the account holds before anyone writes to it. */

export const allowEverything = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
};

/** A short stand-in for AWS's own of that name. */
export const readOnlyAccess = {
  arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess',
  document: {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['s3:Get*', 's3:List*', 'dynamodb:GetItem', 'dynamodb:Query', 'iam:Get*', 'iam:List*'],
        Resource: '*',
      },
    ],
  },
};
