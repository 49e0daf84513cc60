export { type AwsCredentials, type CredentialProvider, credentialsFrom } from "./credentials";
export { type DynamoDbItem, DynamoDbTableClient, dynamoDbFromEnvironment } from "./dynamodb";
export { type EbsSnapshot, type EbsSnapshotCopy, Ec2Client, ec2FromEnvironment } from "./ec2";
export { type HttpRequest, type HttpResponse, send, sendRepeatedly } from "./http";
export { AwsError, type JsonClientProps } from "./json";
export { type EncryptionContext, KmsClient, type KmsClientProps, kmsFromEnvironment } from "./kms";
export { type ChangedObjects, S3Client, type S3ClientProps, type S3Object, type S3Retention, s3FromEnvironment } from "./s3";
export type { ServiceProps } from "./service";
export { presignedUrl, type SigningScope, signedHeaders, type UnsignedRequest } from "./signature";
