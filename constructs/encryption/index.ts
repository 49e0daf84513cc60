export { CustomerKey, type CustomerKeyProps, deliveryMayUse, disksMayUse, logsMayUse, noticesMayUse } from "./customer-key";
